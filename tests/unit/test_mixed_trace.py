"""A trace of two libraries: requests that Sentry or Datadog trace around and below the spans of an AI library."""

import json
from typing import Any

import pytest

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tool_errors.inspect import inspect_records

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def scope_spans(scope: str, *spans: tuple[int, int, str, dict[str, str]]) -> dict[str, Any]:
    """Spans as (number, number of the parent, name, attributes); a lower number lies around a higher one."""
    return {
        "scope": {"name": scope},
        "spans": [
            {
                "traceId": TRACE_ID,
                "spanId": f"{number:016x}",
                "parentSpanId": f"{parent:016x}" if parent else "",
                "name": name,
                "startTimeUnixNano": str(10**18 + number),
                "endTimeUnixNano": str(10**18 + 1000 - number),
                "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
            }
            for number, parent, name, attributes in spans
        ],
    }


@pytest.mark.parametrize(
    ("scope", "root", "request_below"),
    [
        (
            "@sentry/node",
            {"sentry.op": "http.server", "user.id": "u1", "session.id": "s1"},
            {"sentry.op": "http.client", "sentry.origin": "auto.http.otel.node_fetch"},
        ),
        (
            "dd-trace-js",
            {"operation.name": "web.request", "span.type": "web", "usr.id": "u1", "session.id": "s1"},
            {"operation.name": "http.request", "span.type": "http", "component": "fetch"},
        ),
    ],
)
def test_requests_around_and_below_model_calls(scope: str, root: dict[str, str], request_below: dict[str, str]) -> None:
    call = {"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "small", "ai.usage.inputTokens": "9"}
    tool = {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "look", "ai.toolCall.result": "22"}
    document = {
        "resourceSpans": [
            {
                "scopeSpans": [
                    scope_spans(
                        scope, (1, 0, "POST /chat", root), (4, 3, "POST", request_below), (6, 4, "tcp", request_below)
                    ),
                    scope_spans(
                        "ai",
                        (2, 1, "ai.generateText", {"ai.operationId": "ai.generateText", "ai.usage.inputTokens": "9"}),
                        (3, 2, "ai.generateText.doGenerate", call),
                        (5, 2, "ai.toolCall", tool),
                    ),
                ]
            }
        ]
    }
    (decoded,) = decode_file(json.dumps(document).encode())
    assert isinstance(decoded, DecodedTraces)
    (trace,) = inspect_records(decoded.spans, [])
    assert {found["name"]: found["type"] for found in trace["spans"]} == {
        "POST /chat": "other",
        "ai.generateText": "agent",
        "ai.generateText.doGenerate": "llm",
        "POST": "other",
        "tcp": "other",
        "ai.toolCall": "tool",
    }
    assert (len(trace["llm_calls"]), trace["input_tokens"], [c["name"] for c in trace["tool_calls"]]) == (
        1,
        9,
        ["look"],
    )
    assert (trace["user_id"], trace["conversation_id"]) == ("u1", "s1")
