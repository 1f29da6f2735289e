"""A client that calls tools by itself: one response tells all turns."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import span
from tool_errors.derive import derive
from tool_errors.judged import judge_facts
from trace_store.assembly import SpanNode, version_of
from trace_store.dialects import normalise
from trace_store.dialects.automatic_calls import automatic_run

QUESTION = {"parts": [{"text": "Find flights"}]}
ASKED = {"role": "model", "parts": [{"function_call": {"name": "search", "args": {"date": "x"}}}]}
FAILED = {"role": "user", "parts": [{"function_response": {"name": "search", "response": {"error": "invalid date"}}}]}
ANSWER = {"content": {"role": "model", "parts": [{"text": "There are none."}]}, "finish_reason": "STOP"}
ROUND = [ASKED, FAILED]


def response(history: list[Any], key: str = "automatic_function_calling_history") -> str:
    return json.dumps({"candidates": [ANSWER], key: history, "usage_metadata": {"prompt_token_count": 80}})


@pytest.mark.parametrize(
    "history",
    [
        [QUESTION, *ROUND * 3],
        [QUESTION, *ROUND, QUESTION, *ROUND * 2, QUESTION, *ROUND * 3],  # a stream repeats it with each chunk
        [QUESTION, *ROUND, {"role": "model", "parts": [{"text": "None."}]}, {**QUESTION, "role": "user"}, *ROUND * 3],
        [None, 7, QUESTION, *ROUND * 3],
    ],
)
def test_all_turns_since_the_last_question(history: list[Any]) -> None:
    for key in ("automatic_function_calling_history", "automaticFunctionCallingHistory"):
        run = automatic_run(response(history, key))
        assert run is not None
        assert [(call.name, call.turn) for call in run[0]] == [("search", 1), ("search", 2), ("search", 3)]
        assert [(call.result and call.result.value, call.turn) for call in run[1]] == [
            ({"error": "invalid date"}, turn) for turn in (1, 2, 3)
        ]


@pytest.mark.parametrize(
    "told",
    [None, 7, "", "automatic_function_calling_history", response([]), response([QUESTION]), response(7), "[" * 99],  # type: ignore[arg-type]
)
def test_what_tells_no_run(told: Any) -> None:
    assert automatic_run(told) is None


def test_the_loop_inside_of_a_model_call_is_found_and_its_answer_is_the_answer() -> None:
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Find flights",
        "llm.output_messages.0.message.role": "model",
        "llm.output_messages.0.message.content": "There are none.",
        "llm.model_name": "gemini",
        "output.value": response([QUESTION, *ROUND * 3]),
    }
    called = span(attributes, name="GenerateContent")
    facts = normalise(called)
    assert facts is not None
    node = SpanNode(*(called.trace_id, called.span_id, b"", called.start_unix_nano, called.end_unix_nano, called.name))
    trace = derive([node], [judge_facts(facts, version_of(node))], live=False)
    assert [(call.name, call.verdict.status) for call in trace.tool_calls] == [("search", "soft_error")] * 3
    assert [(loop.tools, loop.failures) for loop in trace.loops] == [(("search",), 3)]
    assert (trace.input, trace.output) == ("Find flights", "There are none.")
