"""Alert rules as people read and change them, over a pool."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.alerts.alert_rows import AlertFiring, AlertRule, AlertState
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.json_columns import json_text
from trace_store.queries import load

SQL = load("alerts")


class RuleNameTaken(RainbarrelError):
    """The project has an alert rule of that name already: choose another name, or change that rule."""


class AlertStore:
    """Reads and writes rules; StoreUnavailable when the database is away."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def rules(self, project_id: int) -> list[AlertRule]:
        """The project's rules, oldest first."""
        return [AlertRule(*row) for row in await self._rows(SQL.rules, {"project_id": project_id, "rule_id": None})]

    async def rule(self, project_id: int, rule_id: int) -> AlertRule | None:
        """One rule of the project."""
        rows = await self._rows(SQL.rules, {"project_id": project_id, "rule_id": rule_id})
        return AlertRule(*rows[0]) if rows else None

    async def add(
        self, project_id: int, name: str, definition: dict[str, Any], channel_ids: list[int], *, is_enabled: bool = True
    ) -> int:
        """Adds a rule with a valid definition; its id. RuleNameTaken when the name is."""
        given = {"project_id": project_id, "is_enabled": is_enabled} | _columns(name, definition, channel_ids)
        rows = await self._rows(SQL.add_rule, given)
        if not rows:
            raise RuleNameTaken
        return int(rows[0][0])

    async def change(
        self,
        project_id: int,
        rule_id: int,
        name: str,
        definition: dict[str, Any],
        channel_ids: list[int],
        *,
        is_enabled: bool,
    ) -> bool:
        """Replaces a rule; False when there is none. A rule that is off fires nowhere, and nobody is told that."""
        key = {"project_id": project_id, "rule_id": rule_id}
        with translate_errors():
            async with self._pool.connection() as connection, connection.transaction():
                taken = await (await connection.execute(SQL.name_is_taken, key | {"name": name})).fetchone()
                if taken and taken[0]:
                    raise RuleNameTaken
                given = key | {"is_enabled": is_enabled} | _columns(name, definition, channel_ids)
                before = await (await connection.execute(SQL.rules, key)).fetchone()
                changed = await (await connection.execute(SQL.change_rule, given)).fetchone()
                if before is None or changed is None:
                    return False
                if not is_enabled:
                    await connection.execute(SQL.close_firings, key)
                    await connection.execute(SQL.forget_states, key)
                elif not AlertRule(*before).is_enabled:
                    await connection.execute(SQL.look_afresh, key)
                return True

    async def snooze(self, project_id: int, rule_id: int, until: datetime | None) -> bool:
        """Nobody is told of this rule until then; None ends that. False when there is no such rule."""
        given = {"project_id": project_id, "rule_id": rule_id, "until": until}
        return bool(await self._rows(SQL.snooze_rule, given))

    async def remove(self, project_id: int, rule_id: int) -> bool:
        """Removes a rule with its history; False when there is no such rule."""
        return bool(await self._rows(SQL.remove_rule, {"project_id": project_id, "rule_id": rule_id}))

    async def has_signal(self, project_id: int, name: str) -> bool:
        """Whether the project has a signal of its own of this name."""
        return bool((await self._rows(SQL.has_signal, {"project_id": project_id, "signal": name}))[0][0])

    async def rules_on_signal(self, project_id: int, name: str) -> list[str]:
        """The names of the rules that wait for a signal."""
        return [row[0] for row in await self._rows(SQL.rules_on_signal, {"project_id": project_id, "signal": name})]

    async def states(self, rule_id: int) -> list[AlertState]:
        """The subjects of a rule that are not ok."""
        return [AlertState(*row) for row in await self._rows(SQL.states, {"rule_id": rule_id})]

    async def firings(self, project_id: int, limit: int, rule_id: int | None = None) -> tuple[list[AlertFiring], int]:
        """The newest firings of the project, or of one rule, and how many there are."""
        rows = await self._rows(SQL.firings, {"project_id": project_id, "rule_id": rule_id, "limit": limit})
        return [AlertFiring(*row[:-1]) for row in rows], rows[0][-1] if rows else 0

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        with translate_errors():
            async with self._pool.connection() as connection:
                return await (await connection.execute(query, parameters)).fetchall()


def _columns(name: str, definition: dict[str, Any], channel_ids: list[int]) -> dict[str, Any]:
    return {"name": name, "definition": json_text(definition), "channel_ids": channel_ids}
