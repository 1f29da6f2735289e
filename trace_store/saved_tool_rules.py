"""Rules of tool calls that administrators save: every version of one text for all projects; the newest counts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.queries import load

SQL = load("tool_rules")


class ToolRulesChanged(RainbarrelError):
    """Somebody else saved the rules meanwhile: open them again, and put your change into theirs."""


@dataclass(frozen=True, slots=True)
class SavedToolRules:
    """One version."""

    version: int
    text: str  # TOML; empty for none
    saved_at: datetime


class ToolRuleStore:
    """Reads and saves tool rules over a pool; StoreUnavailable when the database is away."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def newest(self) -> SavedToolRules | None:
        """The rules that count; None when none were ever saved."""
        rows = await self._rows(SQL.newest_tool_rules)
        return SavedToolRules(*rows[0]) if rows else None

    async def history(self) -> list[SavedToolRules]:
        """The newest 50 versions, newest first."""
        return [SavedToolRules(*row) for row in await self._rows(SQL.tool_rules_history)]

    async def version(self, version: int) -> SavedToolRules | None:
        """One version."""
        rows = await self._rows(SQL.tool_rules_version, {"version": version})
        return SavedToolRules(*rows[0]) if rows else None

    async def save(self, text: str, base: int) -> int:
        """Saves what follows version `base` (0: none); its number. ToolRulesChanged when `base` is not the newest."""
        rows = await self._rows(SQL.save_tool_rules, {"text": text, "base": base})
        if not rows:
            raise ToolRulesChanged
        return int(rows[0][0])

    async def _rows(self, query: bytes, parameters: dict[str, Any] | None = None) -> list[Any]:
        with translate_errors():
            async with self._pool.connection() as connection:
                return await (await connection.execute(query, parameters)).fetchall()
