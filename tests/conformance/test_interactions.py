"""Interactions and their traces find each other, whatever comes first; days and erased traces leave nothing behind."""

from typing import Any

import orjson
import pytest

from otlp_receiver.decode_events import EventKind, decode_events
from tests.agent_run import accepted, made
from tests.conformance.conftest import RETENTION_DAYS, Store
from tests.fix_pages import AT_ONCE
from tests.spans_made import NOW, new_id
from tool_errors.processor import Processor
from trace_store.buckets import DAY_NS
from trace_store.flush import CommitBatch
from trace_store.stored import TraceKey
from trace_store.upkeep.erase import erase_trace
from trace_store.upkeep.maintenance import maintain

ASSOCIATION = "traceloop.association.properties."
EVENT = {"event_id": "e1", "event": "ask", "user_id": "u1", "ai_data": {"input": "Why?", "convo_id": "c1"}}
FAILED = {"traceloop.span.kind": "tool", "traceloop.entity.name": "search"}
ASKED = {"traceloop.span.kind": "workflow", "traceloop.entity.input": "Where?", "traceloop.entity.output": "There."}


def batch(kind: EventKind, *items: dict[str, Any]) -> CommitBatch:
    """What a receiver hands on for these items."""
    body: Any = list(items) if kind != "track_partial" else items[0]
    decoded = decode_events(kind, orjson.dumps(body), 1)
    assert not decoded.rejections.counts
    return CommitBatch(updates=decoded.updates, feedback=decoded.feedback, users=decoded.users)


def trace(trace_id: bytes, **association: str) -> CommitBatch:
    """A run with one failed call; `association` is what all its spans name."""
    named = {ASSOCIATION + key: value for key, value in association.items()}
    failed = made(trace_id, 2, 1, "search.tool", FAILED | named, status={"code": 2, "message": "down"})
    return CommitBatch(accepted([made(trace_id, 1, 0, "run.workflow", ASKED | named), failed]))


async def send(store: Store, *batches: CommitBatch) -> None:
    """Each in a transaction of its own, and derived before the next one comes."""
    for each in batches:
        await store.writer.commit(each)
        await Processor(store.conninfo, AT_ONCE).drain()


async def rows(store: Store, columns: str, table: str = "interactions") -> list[Any]:
    return await store.sql(f"SELECT {columns} FROM {table} ORDER BY 1")


@pytest.mark.parametrize("event_first", [True, False])
async def test_spans_name_the_event_and_take_its_user_and_conversation(store: Store, event_first: bool) -> None:
    trace_id = new_id(16)
    both = [batch("track", EVENT), trace(trace_id, event_id="e1")]
    await send(store, *(both if event_first else reversed(both)))

    found = await rows(store, "event_id, user_id, conversation_id, input, output, trace_ids, error_count, tools")
    assert found == [("e1", "u1", "c1", "Why?", "There.", [trace_id], 1, ["search"])]
    assert await rows(store, "user_id, conversation_id, live", "traces") == [("u1", "c1", False)]
    assert await rows(store, "user_id, conversation_id", "findings") == [("u1", "c1")]
    assert await rows(store, "user_id, interaction_count", "users") == [("u1", 1)]
    assert await rows(store, "conversation_id, user_id, interaction_count", "conversations") == [("c1", "u1", 1)]


@pytest.mark.parametrize("event_first", [True, False])
async def test_the_event_names_the_trace(store: Store, event_first: bool) -> None:
    trace_id = new_id(16)
    both = [batch("track", EVENT | {"properties": {"trace_id": trace_id.hex()}}), trace(trace_id, user_id="u2")]
    await send(store, *(both if event_first else reversed(both)))

    assert await rows(store, "event_id, user_id, is_from_spans, trace_ids") == [("e1", "u1", False, [trace_id])]
    assert await rows(store, "user_id, conversation_id", "traces") == [("u2", "c1")]
    assert await rows(store, "user_id, interaction_count", "users") == [("u1", 1)]


async def test_spans_alone_make_an_interaction_until_an_event_comes(store: Store) -> None:
    first, second = new_id(16), new_id(16)
    await send(
        store, trace(first, user_id="u1"), trace(second, event_id="e2", event="chat", user_id="u1", convo_id="c2")
    )

    columns = "event_name, event_id, is_from_spans, user_id, conversation_id, input, output, is_pending"
    found = {row[1]: (row[0], *row[2:]) for row in await rows(store, columns)}
    assert found[first.hex()] == ("ai_generation", True, "u1", None, "Where?", "There.", False)
    assert found["e2"] == ("chat", True, "u1", "c2", "Where?", "There.", False)

    named = {"properties": {"trace_id": first.hex()}, "ai_data": {"convo_id": "c1"}}
    await send(store, batch("track_partial", {"event_id": "e1"} | named), batch("track", EVENT | {"event_id": "e2"}))
    found = {row[1]: (row[0], *row[2:]) for row in await rows(store, columns)}
    assert found == {
        "e1": ("", False, "u1", "c1", "Where?", "There.", False),
        "e2": ("ask", False, "u1", "c1", "Why?", "There.", False),
    }
    assert await rows(store, "conversation_id", "traces") == [("c1",), ("c2",)]
    assert await rows(store, "conversation_id, interaction_count", "conversations") == [("c1", 2)]


async def test_words_are_written_again_only_for_other_texts(store: Store) -> None:
    said = {"input": "Why? Where?", "output": "There.", "convo_id": "c1"}
    event = EVENT | {"timestamp": "2026-01-02T03:04:05Z", "ai_data": said}
    await send(store, batch("track", event))
    places = await rows(store, "side, ctid::text, xmin::text, words::text", "interaction_words")
    await send(store, trace(new_id(16), event_id="e1"))
    assert await rows(store, "error_count") == [(1,)]
    assert await rows(store, "side, ctid::text, xmin::text, words::text", "interaction_words") == places
    await send(store, batch("track", event | {"ai_data": said | {"output": "Not there."}}))
    words = await rows(store, "side, words::text", "interaction_words")
    assert words == [(1, "'where' 'why'"), (2, "'not' 'there'")]


async def test_one_event_over_several_traces_and_several_events_in_one(store: Store) -> None:
    one, two, shared = new_id(16), new_id(16), new_id(16)
    mixed = [
        made(
            shared, number, 0, f"{tool}.tool", FAILED | {"traceloop.entity.name": tool, ASSOCIATION + "event_id": event}
        )
        for number, tool, event in ((1, "a", "e3"), (2, "b", "e4"), (3, "c", "e4"))
    ]
    await send(store, trace(one, event_id="e1"), trace(two, event_id="e1"), CommitBatch(accepted(mixed)))
    await send(store, *(batch("track", EVENT | {"event_id": event}) for event in ("e1", "e3", "e4")))

    found = {row[0]: row[1:] for row in await rows(store, "event_id, tool_call_count, error_count, tools, trace_ids")}
    assert found["e1"][:3] == (2, 2, ["search"])
    assert set(found["e1"][3]) == {one, two}
    assert found["e3"] == (1, 0, ["a"], [shared])
    assert found["e4"] == (2, 0, ["b", "c"], [shared])


async def test_events_without_traces_say_what_they_used(store: Store) -> None:
    used = {"prompt_tokens": 12, "completion_tokens": "3", "total_cost": 0.5, "trace_id": "gen-1"}
    broadcast = {"model": "b", "provider": "OpenAI", "duration_ms": 1500, "finish_reason": "stop"}
    await send(
        store,
        batch("track", {"event_id": "e1", "ai_data": {"model": "m"}, "properties": used}),
        batch(
            "track", {"event_id": "e2", "ai_data": {}, "properties": used | broadcast}
        ),  # without texts: privacy mode
    )
    columns = "event_id, model, input, is_ai, input_tokens, output_tokens, cost_usd, duration_ns, trace_ids"
    assert await rows(store, columns) == [
        ("e1", "m", None, True, 12, 3, 0.5, 0, []),
        ("e2", "b", None, True, 12, 3, 0.5, 1_500_000_000, []),
    ]


async def test_what_an_event_used_counts_where_its_traces_say_nothing(store: Store) -> None:
    used = {"ai.usage.prompt_tokens": 12, "ai.usage.completion_tokens": 3}
    await send(store, batch("track", EVENT | {"properties": used}), trace(new_id(16), event_id="e1"))
    assert await rows(store, "event_id, input_tokens, output_tokens, cost_usd") == [("e1", 12, 3, None)]


async def test_traits_are_merged_and_a_user_without_interactions_is_one(store: Store) -> None:
    for traits in ({"name": "Ada", "plan": "free", "a": {"b": 1}}, {"plan": "paid", "name": None, "a": {"c": 2}}):
        await send(store, batch("identify", {"user_id": "u1", "traits": traits}))
    assert await rows(store, "user_id, traits, interaction_count", "users") == [
        ("u1", {"name": "Ada", "plan": "paid", "a": {"b": 1, "c": 2}}, 0)
    ]


async def test_a_user_who_is_corrected_leaves_no_old_row(store: Store) -> None:
    await send(store, batch("track", EVENT), batch("track_partial", {"event_id": "e1", "user_id": "u2"}))
    assert await rows(store, "user_id, interaction_count", "users") == [("u2", 1)]
    assert await rows(store, "conversation_id, user_id", "conversations") == [("c1", "u2")]


async def test_an_erased_trace_leaves_its_interaction(store: Store) -> None:
    trace_id, other = new_id(16), new_id(16)
    await send(store, trace(trace_id, event_id="e1"), trace(other, event_id="e2"), batch("track", EVENT))
    for gone in (trace_id, other):
        await erase_trace(store.conninfo, TraceKey(1, gone))
    await Processor(store.conninfo, AT_ONCE).drain()
    assert await rows(store, "event_id, trace_ids, error_count") == [("e1", [], 0)]
    assert await rows(store, "said_by", "interaction_traces") == []


async def test_retention_takes_posted_events_and_what_is_derived_of_them(store: Store) -> None:
    old = NOW - (RETENTION_DAYS + 5) * DAY_NS
    posted = batch("track", EVENT)
    posted.feedback = batch("signals", {"event_id": "e1", "signal_name": "thumbs_up"}).feedback
    await store.writer.store(store.writer.encode(posted, received_unix_nano=old))
    await send(store, batch("track", EVENT | {"event_id": "e2"}), batch("identify", {"user_id": "u3"}))
    assert len(await rows(store, "event_id")) == 2
    await store.sql("UPDATE user_updates SET received_at = now() - interval '60 days'")

    await maintain(store.conninfo, RETENTION_DAYS)
    await Processor(store.conninfo, AT_ONCE).drain()

    assert await rows(store, "event_id") == [("e2",)]
    assert await rows(store, "event_id", "interaction_updates") == [("e2",)]
    assert await rows(store, "count(*)", "feedback") == [(0,)]
    assert await rows(store, "user_id, interaction_count", "users") == [("u1", 1)]
    assert await rows(store, "conversation_id, interaction_count", "conversations") == [("c1", 1)]
