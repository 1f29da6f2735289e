"""A history that an earlier model call had is recognised: parsed once, whatever comes behind it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.dialect_captures import capture_facts, scenarios
from tests.spans_by_hand import span
from trace_store.attributes import parse_text
from trace_store.dialects import normalise
from trace_store.dialects.history import HISTORIES, TEXT_CHARS_MIN, Histories


def message(number: int, size: int = 500) -> dict[str, Any]:
    return {"role": "user", "content": f"{number} " + "x" * size}


def test_a_conversation_is_parsed_once() -> None:
    histories = Histories()
    messages: list[Any] = []
    for number in range(50):
        messages.append(message(number))
        assert histories.parse(json.dumps(messages)) == messages
    whole = len(json.dumps(messages))
    assert histories.parsed_chars < 1.1 * whole
    assert histories.reused_chars > 20 * whole


def test_work_grows_with_the_text_and_not_with_its_square() -> None:
    parsed = []
    for turns in (40, 80, 160):
        histories = Histories()
        messages = [message(number) for number in range(turns)]
        for number in range(1, turns + 1):
            histories.parse(json.dumps(messages[:number]))
        parsed.append(histories.parsed_chars)
    assert parsed[2] / parsed[1] < 2.2
    assert parsed[1] / parsed[0] < 2.2


def test_another_end_is_another_history() -> None:
    histories = Histories()
    first, second = ([message(0), message(1), {"role": "user", "content": end}] for end in ("a", "b"))
    for messages in (first, second, first, second, [*first, message(4)], [message(0)], first[:2]):
        assert histories.parse(json.dumps(messages)) == messages


def test_broken_and_odd_texts_are_what_they_are_without_memory() -> None:
    histories = Histories()
    whole = json.dumps([message(0), message(1)])
    histories.parse(whole)
    for text in (
        whole[:-1],
        whole[:-1] + ",",
        whole[:-1] + ",]",
        whole[:-1] + ", 5]",
        whole[:-1] + ",5]]",
        whole + "]",
    ):
        assert histories.parse(text) == parse_text(text)
    assert histories.parse("[]") == []
    assert histories.parse("plain " * TEXT_CHARS_MIN) == "plain " * TEXT_CHARS_MIN


@given(st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=8), st.sampled_from([None, " ", 2]))
def test_memory_changes_no_value(lists: list[list[int]], indent: Any) -> None:
    histories = Histories(chars_max=20_000)
    for numbers in lists:
        text = json.dumps([message(number) for number in numbers], indent=indent)
        assert histories.parse(text) == json.loads(text)


def test_what_is_remembered_is_bounded() -> None:
    histories = Histories(chars_max=10_000)
    for number in range(100):
        histories.parse(json.dumps([message(number, 2000)]))
    assert sum(len(text) for held in histories._known.values() for text, _ in held) <= 10_000


def test_spans_of_one_conversation_share_their_history() -> None:
    HISTORIES.clear()
    messages: list[Any] = []
    for number in range(20):
        messages.append(message(number))
        facts = normalise(span({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(messages)}))
        assert facts is not None
        assert facts.input_text == messages[-1]["content"]
    assert HISTORIES.parsed_chars < 1.1 * len(json.dumps(messages))


def test_nothing_changes_what_is_remembered() -> None:
    """Every capture gives the same facts again while its messages are remembered."""
    for scenario in scenarios():
        HISTORIES.clear()
        first, again = ([facts for _, facts in capture_facts(scenario)] for _ in range(2))
        assert first == again
