"""What happened in a project in a time range, for its daily digest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from trace_store.alerts.channels import SQL as CHANNEL_SQL
from trace_store.alerts.channels import Channel, channel_of_row
from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.queries import load

SQL = load("digests")
ISSUES_MAX = 10


@dataclass(frozen=True, slots=True)
class DigestIssue:
    """An issue that was met in the range."""

    fingerprint: str
    kind: str
    tool: str
    title: str
    events: int
    users: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class DigestRows:
    """What the digest of one range is made of; nanoseconds and nano US dollars."""

    issues: tuple[DigestIssue, ...]
    issue_count: int
    new_issue_count: int
    resolved: tuple[tuple[str, str, str], ...]  # fingerprint, tool, title
    resolved_count: int
    calls: int
    failed_calls: int
    calls_before: int  # in the seven days before the range
    failed_calls_before: int
    loops: int
    loop_tokens: int
    loop_nano_usd: int
    loop_ns: int
    loop_calls: int


@asynccontextmanager
async def digest_transaction(conninfo: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A transaction in which digests are read and put; StoreUnavailable when the database is away."""
    with translate_errors():
        connection = await connect(conninfo, "rainbarrel digest")
        async with connection, connection.transaction():
            yield connection


async def digest_channels(connection: psycopg.AsyncConnection[Any]) -> list[Channel]:
    """The channels of all projects that get a digest."""
    return [channel_of_row(row) for row in await (await connection.execute(CHANNEL_SQL.digest_channels)).fetchall()]


async def read_digest(connection: psycopg.AsyncConnection[Any], project_id: int, since: int, until: int) -> DigestRows:
    """The project between two Unix times in nanoseconds, the later one excluded."""
    given = {"project_id": project_id, "since": since, "until": until, "limit": ISSUES_MAX}
    before = given | {"since": since - 7 * 86400 * 10**9, "until": since}

    async def rows(query: bytes, parameters: dict[str, int]) -> list[Any]:
        return await (await connection.execute(query, parameters)).fetchall()

    issues = await rows(SQL.issues_of_day, given)
    resolved = await rows(SQL.resolved_issues, given)
    ((calls, failed_calls),) = await rows(SQL.call_failures, given)
    ((calls_before, failed_calls_before),) = await rows(SQL.call_failures, before)
    ((loops, tokens, nano_usd, nanoseconds, repeats),) = await rows(SQL.waste_of_loops, given)
    return DigestRows(
        tuple(DigestIssue(*row[:7]) for row in issues),
        issues[0][7] if issues else 0,
        issues[0][8] if issues else 0,
        tuple(row[:3] for row in resolved),
        resolved[0][3] if resolved else 0,
        *(calls, failed_calls, calls_before, failed_calls_before),
        *(loops, tokens, nano_usd, nanoseconds, repeats),
    )
