"""The newest stored records of a project, for a look at what rules would do to them: bounded in number and bytes."""

from dataclasses import dataclass
from typing import Any

import psycopg
import zstandard
from psycopg_pool import AsyncConnectionPool

from trace_store.access_keys import shared_secret
from trace_store.connections import SQL as CONNECTION_SQL
from trace_store.database_errors import translate_errors
from trace_store.redaction_rules import SECRET, SQL
from trace_store.span_reads import SpanReads, fetch
from trace_store.stored import StoredLog, StoredSpan

RECORDS_MAX = 200  # of each kind
BYTES_MAX = 4 * 1024 * 1024  # of spans; of what was posted, compressed


@dataclass(frozen=True, slots=True)
class PostedUpdate:
    """An event or a partial as it is stored."""

    event_id: str
    kind: int
    body: bytes  # the JSON object


@dataclass(frozen=True, slots=True)
class PostedSignal:
    """A signal (feedback) as it is stored."""

    event_id: str
    name: str
    type: str
    attachment_id: str | None
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToldUser:
    """What was said of a user, as it is stored."""

    user_id: str
    traits: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Samples:
    """The newest records; `received` says how many of each signal the project has taken altogether."""

    spans: list[StoredSpan]
    logs: list[StoredLog]
    updates: list[PostedUpdate]
    signals: list[PostedSignal]
    users: list[ToldUser]
    received: dict[str, int]
    secret: bytes  # of keyed hashes


async def read_samples(pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]], project_id: int) -> Samples:
    """One bounded read."""
    parameters = {"project_id": project_id, "records_max": RECORDS_MAX, "bytes_max": BYTES_MAX}
    reads = SpanReads()
    with translate_errors():
        async with pool.connection() as connection:
            secret = await shared_secret(connection, SECRET)
            async with connection.transaction():
                await connection.execute(CONNECTION_SQL.plan_freely)
                blobs = await fetch(connection, SQL.newest_span_blobs, parameters)
                spans = await reads.stored_spans_of_blobs(connection, [tuple(row) for row in blobs])
                blobs = await fetch(connection, SQL.newest_log_blobs, parameters)
                logs = await reads.logs_of_blobs(connection, [tuple(row) for row in blobs])
                posted = await fetch(connection, SQL.newest_updates, parameters)
                signals = await fetch(connection, SQL.newest_feedback, parameters)
                users = await fetch(connection, SQL.newest_traits, parameters)
                received: dict[str, int] = dict(await fetch(connection, SQL.received, parameters))
    spans = sorted((span for span in spans if span.row.kind >= 0), key=lambda span: -span.row.start_unix_nano)
    logs.reverse()
    unpack = zstandard.ZstdDecompressor().decompress
    updates = [PostedUpdate(event_id, kind, unpack(body)) for event_id, kind, body in posted]
    return Samples(
        *(spans[:RECORDS_MAX], logs[:RECORDS_MAX], updates),
        *([PostedSignal(*row) for row in signals], [ToldUser(*row) for row in users]),
        *(received, secret),
    )
