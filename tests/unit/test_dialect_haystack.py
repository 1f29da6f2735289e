"""Haystack: a whole run as the reprs of its messages inside JSON."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.attributes import NOT_JSON
from trace_store.dialects import normalise
from trace_store.dialects.haystack import known_message
from trace_store.dialects.object_repr import parse_object_repr
from trace_store.facts import SpanFacts

USER = "ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[TextContent(text=\"what's up?\")], _name=None, _meta={})"
ASKED = (
    "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[ToolCall(tool_name='search', arguments={'q': 1}, "
    "id='c1', extra=None), ToolCall(tool_name='clock', arguments={}, id='c2', extra=None)], _name=None, "
    "_meta={'usage': {'prompt_tokens': 64, 'completion_tokens': 15}, 'model': 'm'})"
)
FAILED = (
    "ChatMessage(_role=<ChatRole.TOOL: 'tool'>, _content=[ToolCallResult(result='too late', origin="
    "ToolCall(tool_name='search', arguments={'q': 1}, id='c1', extra=None), error=True)], _name=None, _meta={})"
)
TOLD = (
    "ChatMessage(_role=<ChatRole.TOOL: 'tool'>, _content=[ToolCallResult(result=\"{'hour': 4}\", origin="
    "ToolCall(tool_name='clock', arguments={}, id='c2', extra=None), error=False)], _name=None, _meta={})"
)
ANSWER = (
    "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[TextContent(text='four')], _name=None, _meta={})"
)


def facts_of(output: Any) -> SpanFacts:
    attributes = {
        "openinference.span.kind": "CHAIN",
        "input.value": json.dumps({"messages": [USER]}),
        "output.value": json.dumps(output),
    }
    facts = normalise(span(attributes, name="Agent.run", scope_name="openinference.instrumentation.haystack"))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.is_aggregate) == ("haystack", "chain", True)
    return facts


@pytest.mark.parametrize("wrap", [lambda run: run, lambda run: {"agent": run}], ids=["agent", "pipeline"])
def test_calls_and_results_of_a_run(wrap: Any) -> None:
    facts = facts_of(wrap({"messages": [USER, ASKED, FAILED, TOLD, ANSWER], "last_message": ANSWER}))
    assert (facts.input_text, facts.output_text) == ("what's up?", "four")
    assert [(call.call_id, call.name) for call in facts.requested_calls] == [("c1", "search"), ("c2", "clock")]
    answers = [(call.call_id, call.name, call.result and call.result.value) for call in facts.answered_calls]
    assert answers == [("c1", "search", "too late"), ("c2", "clock", {"hour": 4})]
    assert [call.failure is not None for call in facts.answered_calls] == [True, False]


def test_the_turns_of_a_run_follow_each_other() -> None:
    again = [part.replace("c1", "c3").replace("c2", "c4") for part in (ASKED, FAILED, TOLD)]
    facts = facts_of({"messages": [USER, ASKED, FAILED, TOLD, *again, ANSWER]})
    assert [call.turn for call in facts.requested_calls] == [1, 1, 2, 2]
    assert [call.turn for call in facts.answered_calls] == [1, 1, 2, 2]


def test_what_is_no_message_stays_text() -> None:
    facts = facts_of({"reply": "ChatMessage(is what they call it"})
    assert facts.requested_calls == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A(b=B(c=[1, -2, (3,)]), d='x')", {"class": "A", "b": {"class": "B", "c": [1, -2, [3]]}, "d": "x"}),
        ("m.A(b=<Role.USER: 'user'>)", {"class": "A", "b": "user"}),
        ("{'a': datetime, 'b': None}", {"a": "datetime", "b": None}),
        ("A(b=<object at 0x7f>)", NOT_JSON),
        ("A(" * 5000, NOT_JSON),
        ("A(b='" + "x" * 100_000 + "')", NOT_JSON),
    ],
)
def test_reprs_of_objects(text: str, value: Any) -> None:
    assert parse_object_repr(text) == value


def test_a_repeated_message_is_parsed_once() -> None:
    known_message.cache_clear()
    for turns in range(1, 4):
        facts = facts_of({"messages": [USER] + [ANSWER] * turns})
        assert facts.output_text == "four"
    assert known_message.cache_info().misses == 2


def test_a_name_inside_of_texts_and_metadata_does_not_cut_a_message() -> None:
    tricky = (
        "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[TextContent(text='a, _name=b')], _name=None, "
        "_meta={'said': 'x, _name=y'})"
    )
    assert facts_of({"messages": [USER, tricky]}).output_text == "a, _name=b"
