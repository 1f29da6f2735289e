"""The outbox: messages that were written together with what they tell, and wait until their channel has taken them.

    await put_delivery(connection, project_id, channel_id, "rule 3:firing 9:fired", subject)

goes into the caller's transaction: the message exists exactly if the event does. Whoever delivers it claims it (the
attempt is counted, and leased, before anything is sent) and records what came of it.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.json_columns import json_text
from trace_store.model import DEFAULT_PROJECT
from trace_store.queries import load

SQL = load("outbox")
ERROR_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A message whose attempt has begun; `config` holds the secrets of its channel."""

    project_id: int
    delivery_id: UUID
    channel_id: int
    kind: str
    subject: dict[str, Any]
    created_at: datetime
    attempt: int  # 1 for the first
    channel_kind: str
    channel_name: str
    config: dict[str, Any]
    project: str = DEFAULT_PROJECT  # slug


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is known of one message."""

    delivery_id: UUID
    channel_id: int
    channel_name: str
    kind: str
    subject: dict[str, Any]
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: int
    delivered_at: datetime | None
    failed_at: datetime | None
    last_error: str | None


async def put_delivery(
    connection: psycopg.AsyncConnection[Any],
    project_id: int,
    channel_id: int,
    dedup_key: str,
    subject: Mapping[str, Any],
) -> UUID | None:
    """Writes one message into the caller's transaction; raises psycopg's errors, as the caller's statements do.

    `subject` is what the message tells; its "kind" is fired, resolved, match, test, digest or circuit_breaker. None
    when the channel has the message of `dedup_key` already, or is gone.
    """
    parameters = {
        "project_id": project_id,
        "channel_id": channel_id,
        "dedup_key": dedup_key,
        "kind": subject["kind"],
        "subject": json_text(dict(subject)),
    }
    row = await (await connection.execute(SQL.put_delivery, parameters)).fetchone()
    return row[0] if row else None


class Outbox:
    """Claims and records over one connection of its own, which it opens again after a failure."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()  # outcomes of several attempts may come at once

    async def close(self) -> None:
        """Closes the connection; attempts under way stay leased."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def claim(self, busy: Collection[int], deliveries_max: int, lease_s: float) -> list[DueDelivery]:
        """Begins an attempt of up to `deliveries_max` due messages, at most one per channel and none of `busy` ones.

        Nobody else begins an attempt of them within `lease_s`. Raises StoreUnavailable.
        """
        given = {"busy": list(busy), "deliveries_max": deliveries_max, "lease_s": lease_s}
        return [DueDelivery(*row) for row in await self._rows(SQL.claim_due, given)]

    async def record_delivered(self, due: DueDelivery, note: str = "") -> None:
        """The endpoint has taken the message; `note` says what it did not like about it."""
        note = note[:ERROR_CHARACTERS_MAX]
        await self._rows(SQL.record_delivered, {"delivery_id": due.delivery_id, "note": note or None})

    async def record_failed(self, due: DueDelivery, error: str, delay_s: float | None) -> None:
        """The attempt failed; the next is due after `delay_s`, and there is none when that is None."""
        given = {"delivery_id": due.delivery_id, "attempt": due.attempt, "delay_s": delay_s}
        await self._rows(SQL.record_failed, given | {"error": error[:ERROR_CHARACTERS_MAX]})

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        async with self._turn:
            with translate_errors():
                if self._connection is None:
                    self._connection = await connect(self._conninfo, "rainbarrel delivery")
                try:
                    cursor = await self._connection.execute(query, parameters)
                    return await cursor.fetchall() if cursor.description else []
                except (psycopg.OperationalError, psycopg.InterfaceError):
                    await self.close()
                    raise


class DeliveryReader:
    """Reads deliveries, and puts those that somebody asked for, over a pool."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def newest(self, project_id: int, limit: int) -> tuple[list[Delivery], int]:
        """The newest deliveries of the project, and how many it has."""
        rows = await self._rows(SQL.deliveries, {"project_id": project_id, "limit": limit})
        return [Delivery(*row[:-1]) for row in rows], rows[0][-1] if rows else 0

    async def one(self, project_id: int, delivery_id: UUID) -> Delivery | None:
        """One delivery of the project."""
        rows = await self._rows(SQL.delivery, {"project_id": project_id, "delivery_id": delivery_id})
        return Delivery(*rows[0][:-1]) if rows else None

    async def put(self, project_id: int, channel_id: int, dedup_key: str, subject: Mapping[str, Any]) -> UUID | None:
        """`put_delivery` in a transaction of its own."""
        with translate_errors():
            async with self._pool.connection() as connection:
                return await put_delivery(connection, project_id, channel_id, dedup_key, subject)

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        with translate_errors():
            async with self._pool.connection() as connection:
                return await (await connection.execute(query, parameters)).fetchall()
