"""Folding of what was posted of one interaction: no order of arrival and no repetition changes it."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_errors.interactions.fold import FoldedInteraction, fold
from tool_errors.interactions.trace_ids import trace_id_of
from trace_store.interactions.interaction_rows import PARTIAL, TRACK, StoredUpdate

RECEIVED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TRACE_ID = bytes(range(16))


def update(arrival: int, body: dict[str, Any], time: int | None = None, kind: int = PARTIAL) -> StoredUpdate:
    """What the store gives back of a body; equal bodies have equal digests."""
    text = json.dumps(body, sort_keys=True)
    received = RECEIVED + timedelta(seconds=arrival)
    return StoredUpdate(1, "e1", date(2026, 1, 2), text.encode()[:400], arrival, received, time, kind, text.encode())


def folded(*bodies: dict[str, Any]) -> FoldedInteraction:
    return fold(update(arrival, body) for arrival, body in enumerate(bodies))


def test_deltas_make_one_interaction() -> None:
    deltas = [
        {
            "event": "chat",
            "user_id": 7.0,
            "ai_data": {"input": "Hello", "model": "a", "convo_id": "c"},
            "is_pending": True,
        },
        {"properties": {"stage": "start", "deep": {"a": 1, "list": [1]}}, "is_pending": True},
        {"properties": {"stage": None, "deep": {"b": 2}}, "ai_data": {"model": None, "input": ""}, "is_pending": True},
        {"ai_data": {"output": "Hi"}, "properties": {"deep": {"a": 3}}},
    ]
    found = folded(*deltas)
    assert (found.event_name, found.user_id, found.conversation_id) == ("chat", "7", "c")
    assert (found.input, found.output, found.model) == ("Hello", "Hi", "a")
    assert found.properties == {"stage": "start", "deep": {"a": 3, "b": 2, "list": [1]}}
    assert not found.is_pending


def test_an_ended_interaction_is_not_opened_again_but_revised() -> None:
    found = folded({"ai_data": {"output": "a"}, "is_pending": False}, {"ai_data": {"output": "b"}, "is_pending": True})
    assert (found.output, found.is_pending) == ("b", False)
    assert folded({"is_pending": True}).is_pending
    assert not fold([update(0, {"is_pending": True}, kind=TRACK)]).is_pending
    assert (folded({"is_pending": "true"}).is_pending, folded({"is_pending": "False"}).is_pending) == (True, False)


def test_attachments_are_appended_without_repetition() -> None:
    image = {"type": "image", "value": "https://example.com/i.png", "role": "output"}
    code = {"type": "code", "value": "1", "role": "input"}
    found = folded(
        {"attachments": [image | {"name": None}]}, {"attachments": None}, {"attachments": [code, image, "odd"]}
    )
    assert found.attachments == [code, image]


def test_client_time_goes_before_arrival_and_arrival_decides_without_it() -> None:
    early, late = {"ai_data": {"output": "early"}}, {"ai_data": {"output": "late"}}
    assert fold([update(1, late, 2_000), update(2, early, 1_000)]).output == "late"
    assert fold([update(1, late), update(2, early)]).output == "early"
    found = fold([update(1, late, 2_000), update(2, early, 1_000)])
    assert (found.start_unix_nano, found.end_unix_nano) == (1_000, 2_000)


def test_an_update_delivered_again_keeps_its_first_place() -> None:
    first, second = {"ai_data": {"output": "first"}}, {"ai_data": {"output": "second"}}
    assert folded(first, second, first).output == "second"


def test_odd_values_are_text_and_flags_are_names() -> None:
    found = folded(
        {"ai_data": {"input": [{"a": 1.5}], "output": 4}, "feature_flags": {"new": "on", "n": 2}},
        {"feature_flags": ["beta", "dark"], "properties": ["no object"], "ai_data": "no object"},
    )
    assert (found.input, found.output) == ('[{"a":1.5}]', "4")
    assert found.feature_flags == {"new": "on", "n": "2", "beta": "true", "dark": "true"}
    assert found.is_ai


@pytest.mark.parametrize(
    "text", ["000102030405060708090a0b0c0d0e0f", "000102030405060708090A0B0C0D0E0F", "AAECAwQFBgcICQoLDA0ODw=="]
)
def test_trace_ids_are_hex_or_base64(text: str) -> None:
    assert folded({"properties": {"trace_id": text}}).trace_ids == [TRACE_ID]


@pytest.mark.parametrize("value", [None, 7, "", "0" * 32, "gen-1234", "A" * 22 + "=", {"a": 1}])
def test_what_is_no_trace_id(value: Any) -> None:
    assert trace_id_of(value) is None


SCALARS = st.one_of(st.none(), st.integers(-5, 5), st.text("abc", max_size=3))
VALUES = st.recursive(SCALARS, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6)
ATTACHMENT = st.fixed_dictionaries({"type": st.just("text"), "value": st.sampled_from("xyz"), "role": st.just("input")})
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["a", "b", None]),
        "user_id": st.sampled_from(["u", "v", None]),
        "is_pending": st.booleans(),
        "properties": st.dictionaries(st.sampled_from(["p", "q", "trace_id"]), VALUES, max_size=3),
        "ai_data": st.dictionaries(st.sampled_from(["input", "output", "model", "convo_id"]), SCALARS, max_size=4),
        "attachments": st.none() | st.lists(ATTACHMENT, max_size=3),
        "feature_flags": st.dictionaries(st.sampled_from("fg"), st.sampled_from(["on", "off"]), max_size=2),
    },
)


def state(found: FoldedInteraction) -> dict[str, Any]:
    """All of it but the day and moment of receipt."""
    names = [name for name in FoldedInteraction.__slots__ if name not in ("first_received", "last_bucket")]
    return {name: getattr(found, name) for name in names}


def delivered(bodies: list[dict[str, Any]], times: list[int | None], rng: random.Random) -> list[StoredUpdate]:
    """The bodies in any order, some of them twice."""
    order = list(range(len(bodies))) + rng.choices(range(len(bodies)), k=len(bodies))
    rng.shuffle(order)
    order += [index for index in range(len(bodies)) if index not in order]
    return [update(arrival, bodies[index], times[index]) for arrival, index in enumerate(order)]


@given(st.lists(BODIES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_timed_updates_fold_alike_in_any_order_with_duplicates(
    bodies: list[dict[str, Any]], rng: random.Random
) -> None:
    bodies = [body | {"timestamp": str(index)} for index, body in enumerate(bodies)]
    times: list[int | None] = [1_000 * (index + 1) for index in range(len(bodies))]
    straight = fold(update(index, body, times[index]) for index, body in enumerate(bodies))
    assert state(fold(delivered(bodies, times, rng))) == state(straight)


@given(st.lists(VALUES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_untimed_updates_of_different_fields_fold_alike_in_any_order(values: list[Any], rng: random.Random) -> None:
    bodies: list[dict[str, Any]] = [
        {
            "properties": {"deep": {f"key{index}": value}},
            "is_pending": index % 2 == 0,
            "feature_flags": {f"f{index}": "on"},
        }
        for index, value in enumerate(values)
    ]
    bodies += [{"ai_data": {"input": "a"}}, {"ai_data": {"output": "b"}}, {"user_id": "u"}]
    times: list[int | None] = [None] * len(bodies)
    straight = fold(update(index, body) for index, body in enumerate(bodies))
    assert state(fold(delivered(bodies, times, rng))) == state(straight)
