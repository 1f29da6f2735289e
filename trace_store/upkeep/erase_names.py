"""What names a user outside of the rows that belong to them: earlier posts, lone log records, resources and scopes."""

from collections.abc import Iterable
from typing import Any

import orjson
import psycopg
import zstandard
from google.protobuf.message import DecodeError

from trace_store.blobs import Blob
from trace_store.log_users import users_named
from trace_store.queries import load
from trace_store.spans import read_resource, read_scope
from trace_store.tombstones import Erased, put_tombstones
from trace_store.writer import SQL as WRITER_SQL
from trace_store.writer import lock_rewrites

SQL = load("erase_names")
_ROWS_AT_ONCE = 500
_BLOBS_AT_ONCE = 50

_Connection = psycopg.AsyncConnection[Any]


async def events_that_named(connection: _Connection, project_id: int, user_id: str) -> list[str]:
    """Interactions of which some post named the user and a later one somebody else; reads all posts of such events."""
    unpack = zstandard.ZstdDecompressor().decompress
    found: dict[str, None] = {}
    async with connection.transaction(), connection.cursor("updates") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        await cursor.execute(SQL.posts_of_events_with_several, {"project_id": project_id})
        async for event_id, body in cursor:
            if event_id not in found and _as_id(orjson.loads(unpack(body)).get("user_id")) == user_id:
                found[event_id] = None
    return list(found)


async def erase_lone_logs(connection: _Connection, project_id: int, user_id: str) -> None:
    """Removes log records of no trace that name the user and tell nobody's call; reads all of no trace.

    Their bytes go with the repacking that follows; tombstones keep them away.
    """
    digests: list[bytes] = []
    named = user_id.encode()
    async with connection.transaction(), connection.cursor("logs", binary=True) as cursor:
        cursor.itersize = _BLOBS_AT_ONCE
        await cursor.execute(SQL.blobs_of_lone_logs, {"project_id": project_id})
        async for body, of_blob, positions in cursor:
            blob = Blob(body)
            records = ((digest, blob.record(place)) for digest, place in zip(of_blob, positions, strict=True))
            digests += [digest for digest, record in records if named in record and user_id in users_named(record)]
    if not digests:
        return
    await put_tombstones(connection, project_id, Erased.LOG, digests)
    async with connection.transaction():
        await lock_rewrites(connection, [project_id])
        parameters = {"project_id": project_id, "digests": digests}
        places = await (await connection.execute(SQL.delete_lone_logs, parameters)).fetchall()
        columns = [list(column) for column in zip(*places, strict=True)] if places else [[], [], []]
        await connection.execute(WRITER_SQL.count_dead_records, columns)


async def blank_envelopes(connection: _Connection, project_id: int, user_id: str) -> None:
    """Empties resources and scopes that name the user and that no record has; reads all spans if there are any.

    The rows stay, because writers remember that they are there: they are filled again when they are sent again.
    """
    key = {"project_id": project_id, "user_id": user_id}
    for read, candidates, blank in (
        (_texts_of_resource, SQL.resources_with_text, SQL.blank_resources),
        (_texts_of_scope, SQL.scopes_with_text, SQL.blank_scopes),
    ):
        rows = await (await connection.execute(candidates, key)).fetchall()
        named = [envelope_id for envelope_id, otlp in rows if user_id in read(bytes(otlp))]
        if named:
            await connection.execute(blank, {"project_id": project_id, "ids": named})


def _texts_of_resource(otlp: bytes) -> set[str]:
    try:
        return set(_texts(read_resource(otlp).values()))
    except DecodeError:
        return set()


def _texts_of_scope(otlp: bytes) -> set[str]:
    try:
        scope = read_scope(otlp)
    except DecodeError:
        return set()
    return {scope.name, scope.version, *_texts(scope.attributes.values())}


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _texts(value.values())
        elif isinstance(value, list):
            yield from _texts(value)


def _as_id(value: Any) -> str | None:
    """An id as text, as receivers read it; whole floats are integers."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or isinstance(value, bool | list | dict) else str(value)
