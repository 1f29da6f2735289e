"""Anthropic's client library: its spans beside and below those of an instrumentation are the same calls."""

import pytest

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tests.dialect_captures import CAPTURES
from tests.spans_by_hand import span
from tool_errors.inspect import inspect_records
from trace_store.dialects import normalise
from trace_store.model import STATUS_ERROR

SCOPE = "com.anthropic.sdk.python"


@pytest.mark.parametrize("scope", [SCOPE, "com.anthropic.sdk.typescript"])
def test_a_request_is_a_model_call_of_anthropic(scope: str) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.response.model": "m-1",
        "gen_ai.response.id": "msg_1",
        "gen_ai.usage.input_tokens": 82,
        "http.request.method": "POST",
        "http.route": "/v1/messages",
        "server.port": 443,
        "url.full": "https://api.anthropic.com/v1/messages",
        "anthropic.message.stop_reason": "end_turn",
        "traceloop.association.properties.user_id": "u1",
    }
    facts = normalise(span(attributes, scope_name=scope))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.model, facts.provider) == ("anthropic_sdk", "llm", "m-1", "anthropic")
    assert (facts.input_tokens, facts.user_id, facts.unmapped) == (82, "u1", ())


def test_a_refused_request_has_failed() -> None:
    attributes = {"gen_ai.operation.name": "chat", "http.response.status_code": 429, "error.type": "rate_limit_error"}
    facts = normalise(span(attributes, scope_name=SCOPE, status_code=STATUS_ERROR))
    assert facts is not None
    assert facts.failure is not None
    assert facts.failure.type == "rate_limit_error"


def test_a_refused_call_that_two_libraries_report_side_by_side_is_one() -> None:
    """Neither span has a response id; the client's lies within the instrumentation's."""
    capture = CAPTURES / "openllmetry" / "traceloop-anthropic" / "S5"
    decoded = [part for path in sorted(capture.glob("*.pb")) for part in decode_file(path.read_bytes())]
    spans = [found for part in decoded if isinstance(part, DecodedTraces) for found in part.spans]
    (trace,) = inspect_records(spans, [])
    assert [(call["model"], call["error"]["type"]) for call in trace["llm_calls"]] == [
        ("claude-sonnet-4-5", "anthropic.RateLimitError")
    ]
