"""OTel GenAI conventions: old and new names, content in attributes, span events and log records."""

import itertools
import json

import pytest

from tests.spans_by_hand import log, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import LogRecord, Span, SpanEvent

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "small", "gen_ai.provider.name": "openai"}


def facts_of(read: Span, logs: tuple[LogRecord, ...] = ()) -> SpanFacts:
    facts = normalise(read, logs)
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    ("operation", "type_", "is_aggregate"),
    [
        ("chat", "llm", False),
        ("generate_content", "llm", False),
        ("text_completion", "llm", False),
        ("execute_tool", "tool", False),
        ("invoke_agent", "agent", True),
        ("agent_step", "chain", True),
        ("execute_task", "chain", True),
        ("embeddings", "embedding", False),
        ("somebody's own", "other", False),
    ],
)
def test_operations(operation: str, type_: str, is_aggregate: bool) -> None:
    facts = facts_of(span({"gen_ai.operation.name": operation}))
    assert (facts.type, facts.is_aggregate) == (type_, is_aggregate)


def test_old_names() -> None:
    old = {
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": "small",
        "gen_ai.usage.prompt_tokens": 3,
        "gen_ai.usage.completion_tokens": 4.0,
        "gen_ai.prompt": json.dumps([{"role": "user", "content": "hi"}]),
        "gen_ai.completion": json.dumps([{"role": "assistant", "content": "yes"}]),
    }
    facts = facts_of(span(old))
    assert (facts.type, facts.provider, facts.model) == ("llm", "openai", "small")
    assert (facts.input_tokens, facts.output_tokens) == (3, 4)
    assert (facts.input_text, facts.output_text) == ("hi", "yes")


@pytest.mark.parametrize("count", [float("nan"), float("inf"), 1.5, -1, True, "many", [3], None, b"3", 2**70])
def test_what_is_no_token_count(count: object) -> None:
    assert facts_of(span({**CHAT, "gen_ai.usage.input_tokens": count})).input_tokens is None


@pytest.mark.parametrize(
    ("written", "vendor"),
    [
        ("OpenAI", "openai"),
        ("openai.chat", "openai"),
        ("anthropic.messages", "anthropic"),
        ("aws.bedrock", "aws.bedrock"),
        ("azure.ai.openai", "azure.ai.openai"),
        ("langgraph", None),
        ("", None),
    ],
)
def test_providers(written: str, vendor: str | None) -> None:
    assert facts_of(span({**CHAT, "gen_ai.provider.name": written})).provider == vendor


def test_messages_in_log_records_whatever_their_order() -> None:
    calls = [{"id": "c1", "function": {"name": "lookup", "arguments": '{"q": 1}'}}]
    records = (
        log("gen_ai.choice", {"index": 0, "message": {"content": "done"}}, time=4),
        log("gen_ai.tool.message", {"id": "c1", "content": "late"}, time=3),
        log("gen_ai.user.message", {"content": "go"}, time=1),
        log("gen_ai.assistant.message", {"tool_calls": calls}, time=2),
    )
    facts = facts_of(span(CHAT), records)
    assert (facts.input_text, facts.output_text) == ("go", "done")
    (call,) = facts.answered_calls
    assert (call.call_id, call.name, call.result and call.result.value) == ("c1", "lookup", "late")
    assert call.arguments is not None
    assert call.arguments.value == {"q": 1}


def test_the_details_record_holds_what_the_span_lacks() -> None:
    details = {
        "gen_ai.response.model": "small-2",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "yes"}]}],
    }
    record = log("gen_ai.client.inference.operation.details", None, details)
    facts = facts_of(span({**CHAT, "gen_ai.usage.input_tokens": 5}), (record,))
    assert (facts.model, facts.input_tokens) == ("small-2", 5)
    assert (facts.input_text, facts.output_text) == ("hi", "yes")


def test_messages_in_span_events() -> None:
    events = (
        SpanEvent(1, "gen_ai.user.message", {"content": "hi"}),
        SpanEvent(2, "gen_ai.choice", {"message": '{"content": "yes", "role": "assistant"}', "index": 0}),
    )
    facts = facts_of(span(CHAT, events=events))
    assert (facts.input_text, facts.output_text) == ("hi", "yes")


def test_a_tool_span_with_nothing_but_a_name() -> None:
    facts = facts_of(span({"gen_ai.operation.name": "execute_tool"}, name="execute_tool lookup"))
    assert (facts.tool_name, facts.arguments, facts.result) == ("lookup", None, None)


def test_tool_calls_over_mcp() -> None:
    client = facts_of(span({"mcp.method.name": "tools/call"}, name="MCP send tools/call lookup"))
    assert (client.type, client.tool_name) == ("tool", "lookup")
    assert facts_of(span({"mcp.method.name": "initialize"})).type == "other"


def test_a_placeholder_is_no_call_id() -> None:
    facts = facts_of(span({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.id": "<not specified>"}))
    assert facts.tool_call_id is None


def test_ids_beside_and_inside_metadata() -> None:
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": 42}
    facts = facts_of(span({**agent, "metadata": '{"user_id": "u1", "session_id": "ignored"}'}))
    assert (facts.user_id, facts.conversation_id) == ("u1", "42")
    scrubbed = facts_of(span({**agent, "user.id": "[Scrubbed due to 'session']", "enduser.id": "u2"}))
    assert scrubbed.user_id == "u2"


def test_a_span_of_no_dialect() -> None:
    assert normalise(span({"http.request.method": "GET", "url.full": "/"}, name="GET /")) is None
    assert normalise(span()) is None


def test_a_library_nobody_has_heard_of_is_read_by_its_genai_keys() -> None:
    facts = facts_of(span({"acme.x": 1, "gen_ai.usage.input_tokens": 3, "gen_ai.response.model": "small"}))
    assert (facts.type, facts.model, facts.input_tokens, facts.unmapped) == ("llm", "small", 3, ("acme.x",))


def test_service_and_release() -> None:
    facts = facts_of(span(CHAT, resource={"service.name": "shop", "service.version": "1.2"}))
    assert (facts.service_name, facts.release) == ("shop", "1.2")


def test_log_records_of_one_moment_are_read_as_turns_follow_each_other() -> None:
    """JavaScript's clock has milliseconds: a whole conversation bears one time, and arrival has no order."""
    call = {"id": "c1", "type": "function", "function": {"name": "refund", "arguments": '{"order": 1}'}}
    logs = [
        log("gen_ai.user.message", {"content": "Refund order 1"}),
        log("gen_ai.assistant.message", {"tool_calls": [call]}),
        log("gen_ai.tool.message", {"id": "c1", "content": '{"error": "locked"}'}),
        log("gen_ai.choice", {"message": {"content": "It is locked."}}),
    ]
    asked = span(CHAT)
    facts = facts_of(asked, tuple(logs))
    assert {repr(facts_of(asked, order)) for order in itertools.permutations(logs)} == {repr(facts)}
    assert facts.answered_calls[0].name == "refund"
    assert facts.output_text == "It is locked."
