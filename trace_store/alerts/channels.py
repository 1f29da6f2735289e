"""The channels of a project: where messages about alerts go. Their addresses and secrets stay inside the server."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.json_columns import json_text
from trace_store.queries import load

SQL = load("channels")
KINDS = ("slack", "teams", "webhook", "email")


class ChannelNameTaken(RainbarrelError):
    """The project has a channel of that name already: choose another name, or remove that one first."""


@dataclass(frozen=True, slots=True)
class Notices:
    """What a channel is told besides the alerts that name it."""

    breaker_iterations: int | None = None  # a live loop that reaches so many repeats; None: off
    digest_hour: int | None = None  # 0 to 23 in `digest_time_zone`; None: no daily digest
    digest_time_zone: str = "UTC"  # IANA name


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. `config` holds secrets: no page and no answer of the API may show it as it is."""

    project_id: int
    channel_id: int
    kind: str  # one of KINDS
    name: str
    config: dict[str, Any]
    notices: Notices
    created_at: datetime


class ChannelStore:
    """Reads and writes channels over a pool; StoreUnavailable when the database is away."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def all(self, project_id: int) -> list[Channel]:
        """The project's channels, oldest first."""
        return [channel_of_row(row) for row in await self._rows(SQL.channels, {"project_id": project_id})]

    async def one(self, project_id: int, channel_id: int) -> Channel | None:
        """One channel of the project."""
        rows = await self._rows(SQL.channel, {"project_id": project_id, "channel_id": channel_id})
        return channel_of_row(rows[0]) if rows else None

    async def add(self, project_id: int, kind: str, name: str, config: dict[str, Any], notices: Notices) -> int:
        """Adds a channel with a valid config; its id. ChannelNameTaken when the name is."""
        given = {"project_id": project_id, "kind": kind, "name": name, "config": json_text(config)}
        rows = await self._rows(SQL.add_channel, given | _columns(notices))
        if not rows:
            raise ChannelNameTaken
        return int(rows[0][0])

    async def set_notices(self, project_id: int, channel_id: int, notices: Notices) -> bool:
        """Changes what the channel is told besides alerts; False when there is no such channel."""
        key = {"project_id": project_id, "channel_id": channel_id}
        return bool(await self._rows(SQL.set_notices, key | _columns(notices)))

    async def remove(self, project_id: int, channel_id: int) -> bool:
        """Removes a channel with all its deliveries; False when there is no such channel."""
        return bool(await self._rows(SQL.remove_channel, {"project_id": project_id, "channel_id": channel_id}))

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        with translate_errors():
            async with self._pool.connection() as connection:
                return await (await connection.execute(query, parameters)).fetchall()


def _columns(notices: Notices) -> dict[str, Any]:
    return {
        "breaker_iterations": notices.breaker_iterations,
        "digest_hour": notices.digest_hour,
        "digest_time_zone": notices.digest_time_zone,
    }


def channel_of_row(row: tuple[Any, ...]) -> Channel:
    """What a row of the queries of channels says."""
    project_id, channel_id, kind, name, config, breaker_iterations, digest_hour, digest_time_zone, created_at = row
    notices = Notices(breaker_iterations, digest_hour, digest_time_zone)
    return Channel(project_id, channel_id, kind, name, config, notices, created_at)
