"""Mappings that users save for a project, every version of them; the newest counts. Files beside them count for all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.queries import load

SQL = load("mappings")


class MappingChanged(RainbarrelError):
    """Somebody else saved the mapping meanwhile: open it again, and put your change into theirs."""


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """One version of a project's mapping."""

    version: int
    text: str  # TOML; empty for none
    saved_at: datetime


class MappingStore:
    """Reads and saves mappings over a pool; StoreUnavailable when the database is away."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def newest(self, project_id: int) -> SavedMapping | None:
        """The mapping that counts; None when none was ever saved."""
        rows = await self._rows(SQL.newest_mapping, {"project_id": project_id})
        return SavedMapping(*rows[0]) if rows else None

    async def history(self, project_id: int) -> list[SavedMapping]:
        """The newest 50 versions, newest first."""
        return [SavedMapping(*row) for row in await self._rows(SQL.mapping_history, {"project_id": project_id})]

    async def version(self, project_id: int, version: int) -> SavedMapping | None:
        """One version."""
        rows = await self._rows(SQL.mapping_version, {"project_id": project_id, "version": version})
        return SavedMapping(*rows[0]) if rows else None

    async def save(self, project_id: int, text: str, base: int) -> int:
        """Saves what follows version `base` (0: none); its number. MappingChanged when `base` is not the newest."""
        rows = await self._rows(SQL.save_mapping, {"project_id": project_id, "text": text, "base": base})
        if not rows:
            raise MappingChanged
        return int(rows[0][0])

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        async with self._connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        with translate_errors():
            async with self._pool.connection() as connection:
                yield connection
