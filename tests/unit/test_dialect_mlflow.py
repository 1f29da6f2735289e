"""MLflow: every attribute is a JSON document, so that texts carry quotes."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import exception, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR, STATUS_OK

SCOPE = "mlflow.tracing.provider"


def facts_of(attributes: dict[str, Any], **more: Any) -> SpanFacts:
    encoded = {key: json.dumps(value) for key, value in attributes.items()}
    facts = normalise(span(encoded, scope_name=SCOPE, **more))
    assert facts is not None
    assert facts.dialect == "mlflow"
    return facts


def test_a_model_call() -> None:
    facts = facts_of(
        {
            "mlflow.traceRequestId": "tr-1",
            "mlflow.spanType": "CHAT_MODEL",
            "mlflow.message.format": "openai",
            "mlflow.llm.model": "gpt-4o",
            "mlflow.spanInputs": {
                "model": "gpt-4o",
                "messages": [
                    {"role": "user", "content": "hi"},
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": "{}"}}],
                    },
                    {"role": "tool", "tool_call_id": "c1", "content": "late"},
                ],
            },
            "mlflow.spanOutputs": {
                "id": "chatcmpl-1",
                "model": "gpt-4o-2024",
                "choices": [{"message": {"role": "assistant", "content": "hello"}}],
            },
            "mlflow.chat.tokenUsage": {
                "input_tokens": 82,
                "output_tokens": 17,
                "total_tokens": 99,
                "cache_read_input_tokens": 32,
            },
        }
    )
    assert (facts.type, facts.model, facts.response_id) == ("llm", "gpt-4o-2024", "chatcmpl-1")
    assert (facts.input_tokens, facts.output_tokens, facts.cached_tokens) == (82, 17, 32)
    assert (facts.input_text, facts.output_text) == ("hi", "hello")
    assert [(call.call_id, call.name) for call in facts.answered_calls] == [("c1", "look")]
    assert facts.unmapped == ()


def test_a_failed_tool() -> None:
    facts = facts_of(
        {"mlflow.spanType": "TOOL", "mlflow.spanFunctionName": "refund", "mlflow.spanInputs": {"order": "1"}},
        name="refund_1",
        status_code=STATUS_ERROR,
        status_message="TimeoutError: too late",
        events=(exception("TimeoutError", "too late"),),
    )
    assert (facts.type, facts.tool_name) == ("tool", "refund")
    assert facts.arguments is not None
    assert facts.arguments.value == {"order": "1"}
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("TimeoutError", "too late")


def test_texts_lose_their_quotes() -> None:
    facts = facts_of(
        {"mlflow.spanType": "AGENT", "mlflow.spanInputs": {"question": "how?"}, "mlflow.spanOutputs": "so"},
        status_code=STATUS_OK,
    )
    assert (facts.type, facts.input_text, facts.output_text) == ("agent", "how?", "so")


def test_a_result_of_nothing() -> None:
    facts = facts_of({"mlflow.spanType": "TOOL", "mlflow.spanInputs": {}, "mlflow.spanOutputs": None})
    assert facts.result is None


@pytest.mark.parametrize(
    ("written", "provider"), [("anthropic", "anthropic"), ("gemini", "gcp.gemini"), ("dspy", None)]
)
def test_the_format_of_the_messages_names_the_vendor_and_the_answer_counts_reasoning(
    written: str, provider: str | None
) -> None:
    facts = facts_of(
        {
            "mlflow.spanType": "CHAT_MODEL",
            "mlflow.message.format": written,
            "mlflow.spanOutputs": {
                "choices": [{"message": {"role": "assistant", "content": "hello"}}],
                "usage": {"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 5}},
            },
            "mlflow.chat.tokenUsage": {"input_tokens": 8, "output_tokens": 9},
        }
    )
    assert (facts.provider, facts.input_tokens, facts.output_tokens, facts.reasoning_tokens) == (provider, 8, 9, 5)
