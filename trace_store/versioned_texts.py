"""Texts that people save, every version of them; the newest counts: a project's mapping, and the tool rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.queries import load

MAPPINGS = load("mappings")
TOOL_RULES = load("tool_rules")

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


class TextChanged(RainbarrelError):
    """Somebody else saved a version meanwhile: open the page again, and put your change into theirs."""


@dataclass(frozen=True, slots=True)
class SavedText:
    """One version."""

    version: int
    text: str  # TOML; empty for none
    saved_at: datetime


class _Queries(NamedTuple):
    newest: bytes
    history: bytes
    version: bytes
    save: bytes


class VersionedText:
    """Reads and saves the versions of one text over a pool; StoreUnavailable when the database is away."""

    def __init__(self, pool: Pool, queries: _Queries, **whose: int) -> None:
        self._pool, self._queries, self._whose = pool, queries, whose

    async def newest(self) -> SavedText | None:
        """The version that counts; None when none was ever saved."""
        rows = await self._rows(self._queries.newest)
        return SavedText(*rows[0]) if rows else None

    async def history(self) -> list[SavedText]:
        """The newest 50 versions, newest first."""
        return [SavedText(*row) for row in await self._rows(self._queries.history)]

    async def version(self, version: int) -> SavedText | None:
        """One version."""
        rows = await self._rows(self._queries.version, version=version)
        return SavedText(*rows[0]) if rows else None

    async def save(self, text: str, base: int) -> int:
        """Saves what follows version `base` (0: none); its number. TextChanged when `base` is not the newest."""
        rows = await self._rows(self._queries.save, text=text, base=base)
        if not rows:
            raise TextChanged
        return int(rows[0][0])

    async def _rows(self, query: bytes, **parameters: Any) -> list[Any]:
        return await _rows(self._pool, query, self._whose | parameters)


def saved_mapping(pool: Pool, project_id: int) -> VersionedText:
    """The mapping of a project; mapping files beside it count for all projects."""
    queries = _Queries(
        MAPPINGS.newest_mapping, MAPPINGS.mapping_history, MAPPINGS.mapping_version, MAPPINGS.save_mapping
    )
    return VersionedText(pool, queries, project_id=project_id)


def saved_tool_rules(pool: Pool) -> VersionedText:
    """The rules of tool calls, for all projects."""
    queries = _Queries(
        TOOL_RULES.newest_tool_rules,
        TOOL_RULES.tool_rules_history,
        TOOL_RULES.tool_rules_version,
        TOOL_RULES.save_tool_rules,
    )
    return VersionedText(pool, queries)


async def newest_rules(pool: Pool, project_id: int) -> tuple[str, str]:
    """The saved mapping of a project and the saved tool rules that count; "" where none was ever saved."""
    ((mapping, tool_rules),) = await _rows(pool, MAPPINGS.newest_rules, {"project_id": project_id})
    return mapping or "", tool_rules or ""


async def _rows(pool: Pool, query: bytes, parameters: dict[str, Any]) -> list[Any]:
    with translate_errors():
        async with pool.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()
