"""An erased user is nowhere: every blob is decompressed, every column of every table read; and nothing comes back."""

from typing import Any

import orjson
import psycopg
import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otlp_receiver.decode_events import decode_events
from otlp_receiver.decoded import DecodedEvents, DecodedLogs, DecodedTraces
from otlp_receiver.erased_records import drop_erased
from tests.agent_run import accepted, attributes, made
from tests.conformance.conftest import Store
from tests.fix_pages import AT_ONCE
from tests.spans_made import log, new_id
from tests.words_stored import places
from tool_errors.processor import Processor
from trace_store.connections import connect
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedLog, AcceptedSpan
from trace_store.rollups.rollups import RollupWork
from trace_store.tombstones import Tombstones
from trace_store.upkeep import erase_user as erasure
from trace_store.upkeep.erase_user import ErasedUser, erase_user

TRACE, EVENT, USER, CONVERSATION = new_id(16), "ev_plantev", "us_plantus", "co_plantco"


class Planter:
    """Gives out words that are found again wherever they went."""

    def __init__(self) -> None:
        self.words = ["plantev", "plantus", "plantco", TRACE.hex()]

    def __call__(self) -> str:
        self.words.append(f"plant{len(self.words):03d}x")
        return self.words[-1]


def spans(plant: Planter) -> list[AcceptedSpan]:
    """A run of the user: the question, a failing tool, and words in every field that a span has."""
    owner = {"user.id": USER, "session.id": CONVERSATION}
    root = owner | {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": f"agent {plant()}"}
    message = [{"role": "user", "parts": [{"type": "text", "content": f"my address is {plant()}"}]}]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": f"it is {plant()}"}]}]
    model: dict[str, Any] = owner | {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "note": plant()}
    model |= {"gen_ai.input.messages": message, "gen_ai.output.messages": answer}
    tool: dict[str, Any] = owner | {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look_up",
        "gen_ai.tool.call.id": "c1",
    }
    tool |= {"gen_ai.tool.call.arguments": {"of": plant()}, "gen_ai.tool.call.result": {"error": plant()}}
    event = Span.Event(name=plant(), attributes=attributes({plant(): plant()}))
    link = Span.Link(trace_id=new_id(16), span_id=new_id(8), attributes=attributes({"l": plant()}), trace_state=plant())
    failed = Status(code=Status.STATUS_CODE_ERROR, message=f"no such person: {plant()}")
    return accepted(
        [
            made(TRACE, 1, 0, f"invoke_agent {plant()}", root),
            made(TRACE, 2, 1, "chat gpt-4o", model, events=[event], links=[link], trace_state=f"a={plant()}"),
            made(TRACE, 3, 1, f"execute_tool {plant()}", tool, status=failed),
            made(TRACE, 4, 1, f"execute_tool {plant()}", tool | {"gen_ai.tool.call.id": "c2"}, status=failed),
        ]
    )


def events(plant: Planter) -> list[DecodedEvents]:
    """What an application posts of the user, with words in every field."""
    posted = {
        "event_id": EVENT,
        "event": plant(),
        "user_id": USER,
        "ai_data": {"input": plant(), "output": plant(), "model": plant(), "convo_id": CONVERSATION},
        "properties": {plant(): plant(), "trace_id": TRACE.hex(), "nested": {"deep": [plant()]}},
        "attachments": [{"type": "text", "value": plant(), "role": "input", "name": plant()}],
        "feature_flags": {plant(): plant()},
    }
    partial = {"event_id": EVENT, "properties": {"late": plant()}}
    said = {"event_id": EVENT, "signal_name": plant(), "signal_type": "feedback", "properties": {"comment": plant()}}
    person = {"user_id": USER, "traits": {"email": f"{plant()}@example.org", plant(): [plant()]}}
    return [
        decode_events("track", orjson.dumps([posted]), 1),
        decode_events("track_partial", orjson.dumps(partial), 1),
        decode_events("signals", orjson.dumps([said]), 1),
        decode_events("identify", orjson.dumps(person), 1),
    ]


def logs(plant: Planter) -> list[AcceptedLog]:
    body = LogRecord(trace_id=TRACE, event_name=plant(), attributes=attributes({plant(): plant()}))
    body.body.string_value = plant()
    return [log(TRACE, otlp=body.SerializeToString(), event_name=body.event_name)]


def of_others(conversation: str) -> tuple[list[AcceptedSpan], DecodedEvents]:
    """Another user's trace, of the same moment and so in the same blob, and a question in a conversation."""
    owner = {"user.id": "other", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up"}
    status = Status(code=Status.STATUS_CODE_ERROR, message="the index is away")
    asked = {
        "event_id": "e2",
        "event": "ask",
        "user_id": "other",
        "ai_data": {"input": "Why?", "convo_id": conversation},
    }
    return accepted([made(new_id(16), 1, 0, "kept", owner, status=status)]), decode_events(
        "track", orjson.dumps([asked]), 1
    )


def batch(of_spans: list[AcceptedSpan], of_logs: list[AcceptedLog], posted: list[DecodedEvents]) -> CommitBatch:
    found = CommitBatch(of_spans, of_logs)
    for each in posted:
        found.updates += each.updates
        found.feedback += each.feedback
        found.users += each.users
    return found


async def tell(store: Store, plant: Planter) -> None:
    """Signals, people and alerts have repeated what the user said."""
    titles = [title for (title,) in await store.sql("SELECT title FROM findings WHERE user_id = %s", [USER])]
    assert titles
    assert any("plant" in title for title in titles)
    await store.sql(
        "INSERT INTO verdicts"
        " SELECT project_id, trace_id, finding_key, fingerprint, kind, tool, title, 'r', 'right', %s"
        " FROM findings WHERE user_id = %s",
        [plant(), USER],
    )
    subject = orjson.dumps({"kind": "fired", "title": titles[0], "trace_ids": [TRACE.hex()]}).decode()
    kept = orjson.dumps({"kind": "fired", "title": "somebody else", "trace_ids": [new_id(16).hex()]}).decode()
    await store.sql("INSERT INTO channels (project_id, kind, name, config) VALUES (1, 'webhook', 'w', '{}')")
    await store.sql("INSERT INTO alert_rules (project_id, name, definition, channel_ids) VALUES (1, 'r', '{}', '{}')")
    for number, (text, key) in enumerate(((subject, f"{TRACE.hex()}/call:1"), (kept, "other"))):
        await store.sql(
            "INSERT INTO outbox (project_id, channel_id, dedup_key, kind, subject)"
            " SELECT 1, channel_id, %s, 'fired', %s::jsonb FROM channels",
            [str(number), text],
        )
        await store.sql(
            "INSERT INTO alert_firings (project_id, rule_id, subject, event_key, is_snoozed, value, message)"
            " SELECT 1, rule_id, %s, %s, false, 1, %s::jsonb FROM alert_rules",
            [titles[0] if number == 0 else "x", key, text],
        )


async def derive(store: Store) -> None:
    await Processor(store.conninfo, AT_ONCE).drain()


async def roll_up(store: Store) -> None:
    work = RollupWork(store.conninfo)
    while await work.step(0.0):
        pass
    await work.close()


async def run_erasure(store: Store) -> ErasedUser:
    return await erase_user(store.conninfo, 1, USER, receivers_know_s=0.0, derived_within_s=0.0)


async def fill(store: Store, plant: Planter, others_in: str = "c2") -> CommitBatch:
    """The user's data and that of another one, in one commit; derived, and repeated elsewhere."""
    kept, asked = of_others(others_in)
    own = batch(spans(plant), logs(plant), events(plant))
    await store.sql(
        "INSERT INTO signals (project_id, name, kind, pattern, search_in, sentiment)"
        " VALUES (1, 's', 'keyword', 'my address', 'both', 'neutral')"
    )
    both = batch(own.spans + kept, own.logs, [asked])
    both.updates += own.updates
    both.feedback += own.feedback
    both.users += own.users
    await store.writer.commit(both)
    await derive(store)
    await tell(store, plant)
    return own


async def test_nothing_of_an_erased_user_is_left_in_any_table(store: Store) -> None:
    plant = Planter()
    await fill(store, plant)
    await roll_up(store)
    issues = "SELECT DISTINCT split_part(name, E'\\x1f', 1) FROM figure_rollups WHERE sort = 'issues'"
    of_user = await store.sql("SELECT DISTINCT fingerprint FROM findings WHERE user_id = %s", [USER])
    assert set(of_user) <= set(await store.sql(issues))
    before = await places(store.conninfo, plant.words)
    assert set().union(*before.values()) == set(plant.words)
    assert {"span_blobs.body", "interaction_updates.body", "users.traits", "interaction_words.words"} <= before.keys()
    assert {"findings.title", "issue_states.title", "outbox.subject", "signal_matches.excerpt"} <= before.keys()

    erased = await run_erasure(store)
    assert (erased.trace_count, erased.span_count, erased.event_count, erased.is_complete) == (1, 4, 1, True)
    assert await store.sql(issues) == [], "nothing of what goes stays until the hour is counted again"
    await derive(store)
    assert await places(store.conninfo, plant.words) == {}
    await roll_up(store)
    assert await places(store.conninfo, plant.words) == {}
    assert set(await store.sql(issues)) == set(await store.sql("SELECT DISTINCT fingerprint FROM findings"))

    assert await store.sql("SELECT user_id FROM users") == [("other",)]
    assert await store.sql("SELECT conversation_id FROM conversations") == [("c2",)]
    assert await store.sql("SELECT name FROM spans") == [("kept",)]
    assert await store.sql("SELECT count(*)::int FROM outbox WHERE subject ->> 'title' = 'somebody else'") == [(1,)]
    assert await store.sql("SELECT count(*)::int FROM alert_firings WHERE event_key = 'other'") == [(1,)]
    assert "the index is away" in str(await store.sql("SELECT title FROM issue_states"))


async def test_the_search_finds_the_bytes_when_blobs_are_not_rewritten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_: psycopg.AsyncConnection[Any]) -> int:
        return 0

    monkeypatch.setattr(erasure, "repack", nothing)
    plant = Planter()
    await fill(store, plant)
    erased = await run_erasure(store)
    await derive(store)
    left = await places(store.conninfo, plant.words)
    assert left.keys() == {"span_blobs.body"}
    assert len(left["span_blobs.body"]) > 10
    assert (erased.waiting_blob_count > 0, erased.is_complete) == (True, False)


async def test_what_was_erased_is_refused_when_it_is_sent_again(store: Store) -> None:
    plant = Planter()
    own = await fill(store, plant)
    await run_erasure(store)
    tombstones = Tombstones()
    async with await connect(store.conninfo, "test") as connection:
        await tombstones.read(connection)
    kept, asked = of_others("c2")

    again: list[DecodedTraces | DecodedLogs | DecodedEvents] = [
        DecodedTraces(1, [*own.spans, *kept]),
        DecodedLogs(1, list(own.logs)),
        *events(Planter()),
        asked,
        decode_events("track", orjson.dumps([{"event_id": "e9", "event": "new", "user_id": USER}]), 1),
    ]
    for decoded in again:
        drop_erased(decoded, tombstones)
    assert [decoded.rejections.counts.get("erased", 0) for decoded in again] == [4, 1, 1, 1, 1, 1, 0, 1]
    assert isinstance(again[0], DecodedTraces)
    assert again[0].spans == kept
    assert asked.updates
    other_project = DecodedTraces(2, [span._replace(project_id=2) for span in own.spans])
    drop_erased(other_project, tombstones)
    assert len(other_project.spans) == 4


async def test_what_others_share_stays_theirs(store: Store) -> None:
    """One conversation of two users: the other's interaction, trace and the conversation itself stay."""
    plant = Planter()
    await fill(store, plant, others_in=CONVERSATION)
    await run_erasure(store)
    await derive(store)
    found = await places(store.conninfo, [word for word in plant.words if word != "plantco"])
    assert found == {}
    assert await store.sql("SELECT event_id, user_id FROM interactions WHERE NOT is_from_spans") == [("e2", "other")]
    conversation = "SELECT user_id, interaction_count::int FROM conversations WHERE conversation_id = %s"
    assert await store.sql(conversation, [CONVERSATION]) == [("other", 1)]


async def test_traces_that_come_late_go_when_they_are_derived(store: Store) -> None:
    """One that was not derived yet, and two that nobody had seen: of the user, and of an erased interaction."""
    plant = Planter()
    await store.writer.commit(CommitBatch(spans(plant)))
    await store.writer.commit(batch([], [], events(plant)[:1]))
    assert (await run_erasure(store)).underived_count == 2
    await derive(store)
    assert (await run_erasure(store)).event_count == 1
    late, of_event = new_id(16), new_id(16)
    kept, _ = of_others("c2")
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up", "note": plant()}
    named = {"traceloop.association.properties.event_id": EVENT, "traceloop.span.kind": "tool", "note": plant()}
    late_spans = [made(late, 1, 0, "late", tool | {"user.id": USER}), made(late, 2, 1, plant(), tool)]
    await store.writer.commit(CommitBatch(accepted([*late_spans, made(of_event, 3, 0, "late", named)]) + kept))
    await derive(store)
    assert await store.sql("SELECT name FROM spans") == [("kept",)]
    assert await store.sql("SELECT trace_id FROM traces") == [(kept[0].trace_id,)]
    assert await store.sql("SELECT event_id FROM interactions UNION SELECT user_id FROM users") == []
    tombstones = Tombstones()
    async with await connect(store.conninfo, "test") as connection:
        await tombstones.read(connection)
    again = DecodedTraces(1, accepted([made(late, 9, 1, "nobody's", tool)]))
    drop_erased(again, tombstones)
    assert (again.spans, again.rejections.counts) == ([], {"erased": 1})
    assert (await run_erasure(store)).is_complete
    assert await places(store.conninfo, plant.words) == {}


async def test_a_trace_of_several_users_goes_with_each_of_them(store: Store) -> None:
    """The first user that a trace names is the one that lists tell."""
    trace_id = new_id(16)
    agent = {"gen_ai.operation.name": "invoke_agent", "user.id": "other"}
    model = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "user.id": USER}
    await store.writer.commit(
        CommitBatch(accepted([made(trace_id, 1, 0, "a", agent), made(trace_id, 2, 1, "b", model)]))
    )
    await derive(store)
    assert await store.sql("SELECT user_id FROM traces") == [("other",)]
    assert (await run_erasure(store)).span_count == 2
    await derive(store)
    assert await places(store.conninfo, ["plantus"]) == {}
