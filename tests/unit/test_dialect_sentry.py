"""Sentry's JavaScript SDK: its AI spans and the HTTP spans between them."""

from tests.spans_by_hand import span
from trace_store.dialects import normalise


def test_a_model_call_with_separate_outputs() -> None:
    facts = normalise(
        span(
            {
                "sentry.op": "gen_ai.chat",
                "sentry.origin": "auto.ai.openai",
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "small",
                "gen_ai.response.text": '["yes"]',
                "gen_ai.response.tool_calls": '[{"id":"c1","function":{"name":"look","arguments":"{}"}}]',
                "gen_ai.request.messages": '[{"role":"user","content":"hi"}]',
            },
            scope_name="@sentry/node",
        )
    )
    assert facts is not None
    assert (facts.type, facts.input_text, facts.output_text) == ("llm", "hi", "yes")
    assert [(call.call_id, call.name) for call in facts.requested_calls] == [("c1", "look")]


def test_a_tool_by_hand_is_told_by_its_op() -> None:
    facts = normalise(
        span(
            {
                "sentry.op": "gen_ai.execute_tool",
                "gen_ai.tool.name": "look",
                "gen_ai.tool.input": '{"q": 1}',
                "gen_ai.tool.output": "22",
            },
            scope_name="@sentry/node",
        )
    )
    assert facts is not None
    assert (facts.type, facts.tool_name) == ("tool", "look")
    assert (facts.arguments and facts.arguments.value, facts.result and facts.result.value) == ({"q": 1}, "22")


def test_requests_between_the_model_calls_are_nobodys() -> None:
    request = {"sentry.op": "http.client", "sentry.origin": "auto.http.otel.node_fetch", "http.method": "POST"}
    assert normalise(span(request, scope_name="@sentry/node", name="POST")) is None
