"""Where an erased user is named outside of what is theirs: earlier posts; resources and scopes that nobody has."""

from typing import Any

import orjson
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otlp_receiver.decode_events import decode_events
from otlp_receiver.decoded import DecodedLogs
from otlp_receiver.erased_records import drop_erased
from tests.agent_run import accepted, attributes, made
from tests.conformance.conftest import Store
from tests.fix_pages import AT_ONCE
from tests.spans_made import envelope, log, new_id
from tests.words_stored import places
from tool_errors.processor import Processor
from trace_store.connections import connect
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedLog, AcceptedSpan
from trace_store.tombstones import Tombstones
from trace_store.upkeep.erase_user import ErasedUser, erase_user
from trace_store.writer import SpanWriter

USER = "us_plantus"


async def erase(store: Store) -> ErasedUser:
    await Processor(store.conninfo, AT_ONCE).drain()
    erased = await erase_user(store.conninfo, 1, USER, receivers_know_s=0.0, derived_within_s=0.0)
    await Processor(store.conninfo, AT_ONCE).drain()
    return erased


def on_machine(user_id: str, name: str) -> AcceptedSpan:
    """A span of a user whose agent says in resource and scope who runs it."""
    values = {"gen_ai.operation.name": "invoke_agent", "user.id": user_id}
    (span,) = accepted([made(new_id(16), 1, 0, name, values)])
    resource = Resource(attributes=attributes({"service.name": "agent", "user.id": USER}))
    scope = InstrumentationScope(name="agent", attributes=attributes({"owners": [USER]}))
    scope.attributes[0].value.array_value.values.add(string_value=USER)
    return span._replace(resource=envelope(resource.SerializeToString()), scope=envelope(scope.SerializeToString()))


async def test_an_event_that_changed_hands_goes_too(store: Store) -> None:
    posts: list[dict[str, Any]] = [
        {"event_id": "e1", "event": "ask", "user_id": USER},
        {"event_id": "e1", "event": "ask", "user_id": "other"},
        {"event_id": "e2", "event": "ask", "user_id": "other", "properties": {"reads": f"{USER}2"}},
        {"event_id": "e2", "properties": {"more": 1}},
    ]
    batch = CommitBatch()
    for post in posts:
        kind = "track" if "event" in post else "track_partial"
        body = orjson.dumps([post] if kind == "track" else post)
        batch.updates += decode_events(kind, body, 1).updates  # type: ignore[arg-type]
    await store.writer.commit(batch)
    assert (await erase(store)).event_count == 1
    assert await store.sql("SELECT event_id FROM interactions") == [("e2",)]
    assert await store.sql("SELECT DISTINCT event_id FROM interaction_updates") == [("e2",)]


async def test_resources_and_scopes_that_name_the_user_are_emptied(store: Store) -> None:
    await store.commit(on_machine(USER, "own"))
    assert {"resources.otlp", "scopes.otlp"} <= (await places(store.conninfo, [USER])).keys()
    assert (await erase(store)).span_count == 1
    assert await places(store.conninfo, [USER]) == {}

    writer = SpanWriter(store.conninfo, 30)  # another process: it does not remember them
    await writer.open()
    await writer.commit(CommitBatch([on_machine("other", "of another, on the same machine")]))
    await writer.close()
    assert await store.sql("SELECT service_name FROM resources") == [("agent",)]
    assert await store.sql("SELECT name FROM scopes") == [("agent",)]


async def test_they_stay_while_others_have_them(store: Store) -> None:
    await store.commit(on_machine(USER, "own"), on_machine("other", "of another, on the same machine"))
    assert (await erase(store)).span_count == 1
    assert (await places(store.conninfo, [USER])).keys() == {"resources.otlp", "scopes.otlp"}


def lone_log(word: str, **values: str) -> AcceptedLog:
    """A record of no trace, from an application's own logger."""
    record = LogRecord(attributes=attributes(values))
    record.body.string_value = word
    return log(otlp=record.SerializeToString(), event_name="note")


async def test_log_records_of_no_trace_that_name_the_user_go_and_stay_away(store: Store) -> None:
    own = lone_log("plantown", **{"user.id": USER})
    others = lone_log("kept, of us_plantus", **{"user.id": "other"}), lone_log("kept as well", about=USER)
    await store.commit(own, *others)
    await erase(store)
    assert await places(store.conninfo, ["plantown"]) == {}
    assert await store.sql("SELECT count(*)::int FROM log_records") == [(2,)]
    new = lone_log("written after the erasure", **{"user.id": USER})
    by_an_agent = lone_log("of a coding agent", **{"user.email": USER})
    decoded = DecodedLogs(1, [own, new, by_an_agent, *others])
    other_project = DecodedLogs(2, [new._replace(project_id=2)])
    tombstones = Tombstones()
    async with await connect(store.conninfo, "test") as connection:
        await tombstones.read(connection)
    drop_erased(decoded, tombstones)
    assert decoded.logs == list(others)
    assert decoded.rejections.counts == {"erased": 3}
    drop_erased(other_project, tombstones)
    assert len(other_project.logs) == 1
