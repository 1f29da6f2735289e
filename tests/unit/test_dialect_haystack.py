"""Haystack: a whole run as the reprs of its messages inside JSON."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.facts_by_hand import TraceByHand, asked, span_id
from tests.spans_by_hand import span
from tool_errors.derive import derive
from tool_errors.judged import from_row, to_row
from trace_store.attributes import NOT_JSON
from trace_store.dialects import normalise
from trace_store.dialects.haystack import known_message
from trace_store.dialects.object_repr import parse_object_repr
from trace_store.facts import ModelTurn, SpanFacts

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


GUESSED = (
    "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[TextContent(text='noon')], _name=None, "
    "_meta={'model': 'n', 'index': 0, 'finish_reason': 'stop', 'usage': {'prompt_tokens': 80, 'completion_tokens': 9, "
    "'prompt_tokens_details': {'cached_tokens': 16, 'text_tokens': None}, "
    "'completion_tokens_details': {'reasoning_tokens': 4}}})"
)


def facts_of(output: Any, given: Sequence[str] = (USER,)) -> SpanFacts:
    attributes = {
        "openinference.span.kind": "CHAIN",
        "input.value": json.dumps({"messages": [*given]}),
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


def test_each_turn_of_the_model_is_told_by_its_message() -> None:
    facts = facts_of({"messages": [USER, ASKED, FAILED, TOLD, ANSWER, GUESSED]})
    assert facts.model_turns == (ModelTurn("m", 64, 15), ModelTurn("n", 80, 9, 16, 4, "stop"))
    assert (facts.model, facts.input_tokens, facts.output_tokens) == ("n", 144, 24)
    assert (facts.cached_tokens, facts.reasoning_tokens) == (16, 4)


def test_turns_that_the_run_was_given_as_history_are_not_its_own() -> None:
    history = [USER, ASKED, FAILED, TOLD]
    facts = facts_of({"messages": [*history, GUESSED]}, given=history)
    assert [turn.model for turn in facts.model_turns] == ["n"]
    assert [turn.model for turn in facts_of({"messages": [*history, ASKED]}, given=history).model_turns] == ["m"]
    assert facts_of({"messages": history}, given=history).model_turns == ()


def test_a_run_inside_another_is_counted_once_and_its_turns_are_calls() -> None:
    trace = TraceByHand()
    turns = (ModelTurn("m", 64, 15, finish_reason="tool_call"), ModelTurn("m", 80, 9))
    sums: dict[str, Any] = {"model": "m", "input_tokens": 144, "output_tokens": 24, "model_turns": turns}
    pipeline = trace.add("chain", end=20, is_aggregate=True, **sums)
    run = trace.add("chain", pipeline, end=10, is_aggregate=True, requested_calls=(asked("c1", "search", {}),), **sums)
    for judged in (trace.judged, [from_row(to_row(judged)) for judged in trace.judged]):
        derived = derive(trace.nodes, judged, live=False)
        assert [(call.span_id, call.turn) for call in derived.llm_calls] == [(span_id(run), 1), (span_id(run), 2)]
        assert [(call.input_tokens, call.finish_reason) for call in derived.llm_calls] == [
            (64, "tool_call"),
            (80, None),
        ]
        assert (derived.input_tokens, derived.output_tokens) == (144, 24)
    trace.add("llm", run, model="m", input_tokens=64, output_tokens=15, end=9)  # the client has spans of its own
    derived = trace.derive()
    assert [call.turn for call in derived.llm_calls] == [0]
    assert derived.input_tokens == 64
