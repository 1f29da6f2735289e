"""Rules for redaction that users save for a project, every version of them; the newest counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.queries import load

SQL = load("redaction")
SECRET = "redaction"  # noqa: S105  # its name: what keyed hashes are made under


class RulesChanged(RainbarrelError):
    """Somebody else saved rules meanwhile: open the page again, and put your change into theirs."""


@dataclass(frozen=True, slots=True)
class SavedRules:
    """One version of a project's rules."""

    project_id: int
    version: int
    rules: Any  # JSON: otlp_receiver/redaction/rules.py
    saved_at: datetime


async def read_newest_rules(connection: psycopg.AsyncConnection[Any], known: Mapping[int, int]) -> list[SavedRules]:
    """The rules of all projects that have newer ones than `known` (versions by project)."""
    parameters = {"project_ids": list(known), "versions": list(known.values())}
    with translate_errors():
        rows = await (await connection.execute(SQL.newer_rules, parameters)).fetchall()
    return [SavedRules(*row) for row in rows]


class RedactionStore:
    """Reads and saves rules over a pool; StoreUnavailable when the database is away."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def newest(self, project_id: int) -> SavedRules | None:
        """The rules that count; None when none were ever saved."""
        rows = await self._rows(SQL.newest_rules, {"project_id": project_id})
        return SavedRules(*rows[0]) if rows else None

    async def save(self, project_id: int, rules: Any, base: int) -> int:
        """Saves what follows version `base` (0: none); its number. RulesChanged when `base` is not the newest."""
        rows = await self._rows(SQL.save_rules, {"project_id": project_id, "rules": Jsonb(rules), "base": base})
        if not rows:
            raise RulesChanged
        return int(rows[0][0])

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        with translate_errors():
            async with self._pool.connection() as connection:
                return await (await connection.execute(query, parameters)).fetchall()
