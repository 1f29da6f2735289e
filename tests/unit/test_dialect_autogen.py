"""AutoGen: chat messages inside the messages of its runtime, and the id that joins its traces."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.dialects.autogen import RUNTIME
from trace_store.facts import SpanFacts

RUN = "280e9766-d83c-4365-90ba-540b3b8c0825"
ASKED = {
    "source": "helper",
    "type": "ToolCallRequestEvent",
    "content": [{"id": "c1", "name": "clock", "arguments": '{"zone": "utc"}'}],
}
TOLD = {
    "source": "helper",
    "type": "ToolCallExecutionEvent",
    "content": [
        {"content": "no battery", "name": "clock", "call_id": "c1", "is_error": True},
        {"content": "4", "name": "clock", "call_id": "c2", "is_error": False},
    ],
}
ANSWER = {"source": "helper", "type": "TextMessage", "content": "four"}


def processed(message: Any, **attributes: Any) -> SpanFacts:
    told = {"messaging.operation": "process", "message": json.dumps(message), **attributes}
    facts = normalise(span(told, name="autogen process", scope_name=RUNTIME))
    assert facts is not None
    assert (facts.dialect, facts.type) == ("autogen", "chain")
    return facts


def test_what_was_asked_for() -> None:
    facts = processed({"message": ASKED})
    assert [(call.call_id, call.name, call.arguments and call.arguments.value) for call in facts.requested_calls] == [
        ("c1", "clock", {"zone": "utc"})
    ]


def test_what_came_out() -> None:
    facts = processed({"message": TOLD})
    answers = [(call.call_id, call.result and call.result.value) for call in facts.answered_calls]
    assert answers == [("c1", "no battery"), ("c2", "4")]
    assert [call.failure is not None for call in facts.answered_calls] == [True, False]


def test_question_and_answer() -> None:
    assert (
        processed({"messages": [{"source": "user", "type": "TextMessage", "content": "time?"}]}).input_text == "time?"
    )
    assert processed({"message": ANSWER}).output_text == "four"


def test_a_response_does_not_repeat_the_calls() -> None:
    facts = processed({"response": {"chat_message": ANSWER, "inner_messages": [ASKED, TOLD]}})
    assert (facts.output_text, facts.requested_calls, facts.answered_calls) == ("four", (), ())


@pytest.mark.parametrize(
    ("attributes", "run"),
    [
        ({"messaging.destination": f"output_topic.({RUN})-T"}, RUN),
        ({"messaging.destination": "output_topic.(default)-T"}, None),
        ({"message_context": json.dumps({"topic_id": f"group_topic/{RUN}"})}, RUN),
        ({"gen_ai.agent.id": f"helper_{RUN}/{RUN}"}, RUN),
        ({"gen_ai.agent.id": RUN, "gen_ai.conversation.id": "mine"}, "mine"),
    ],
)
def test_what_joins_the_traces_of_a_run(attributes: dict[str, str], run: str | None) -> None:
    assert processed({}, **attributes).conversation_id == run
