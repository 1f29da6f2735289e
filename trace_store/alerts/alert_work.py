"""The evaluation of alert rules as transactions: one rule at a time, by one evaluator at a time.

    async with work.evaluation(rule_id) as evaluation:
        if evaluation is not None:
            await evaluation.fire(...)

State, firing and messages become visible together, or nothing of them does.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import psycopg

from trace_store.alerts.alert_reads import AlertReads
from trace_store.alerts.alert_rows import AlertState, DueRule, RuleToEvaluate
from trace_store.alerts.alert_store import SQL
from trace_store.alerts.outbox import put_delivery
from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.failpoints import reach
from trace_store.json_columns import json_text


class Evaluation:
    """One rule within its transaction."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], rule: RuleToEvaluate) -> None:
        self.rule = rule
        self.reads = AlertReads(connection)
        self._connection = connection

    async def states(self) -> list[AlertState]:
        """The subjects that are not ok."""
        rows = await self._rows(SQL.states, {"rule_id": self.rule.rule_id})
        return [AlertState(*row) for row in rows]

    async def horizon(self) -> datetime:
        """Whatever was found before this time is visible by now."""
        found: datetime = (await self._rows(SQL.horizon, {}))[0][0]
        return found

    async def note_progress(self, looked_until: datetime) -> None:
        """The next evaluation looks at what was found after this time."""
        given = {"rule_id": self.rule.rule_id, "looked_until": looked_until}
        await self._connection.execute(SQL.note_progress, given)

    async def known_events(self, event_keys: Collection[str]) -> set[str]:
        """Which of these events the rule has told already."""
        given = {"rule_id": self.rule.rule_id, "event_keys": list(event_keys)}
        return {key for (key,) in await self._rows(SQL.known_events, given)}

    async def fire(self, subject: str, value: float, message: Mapping[str, Any], event_key: str | None = None) -> None:
        """A firing with one message per channel, unless the rule is snoozed; with `event_key` something that happens
        once, and nothing when it was told already; else `subject` fires from now on."""
        rule = self.rule
        columns = {
            "project_id": rule.project_id,
            "rule_id": rule.rule_id,
            "subject": subject,
            "event_key": event_key,
            "is_snoozed": rule.is_snoozed,
            "value": value,
            "message": json_text(dict(message)),
        }
        rows = await self._rows(SQL.put_firing, columns)
        if not rows:
            return
        firing_id: int = rows[0][0]
        if event_key is None:
            await self.put_state(subject, "firing", value, firing_id)
        if not rule.is_snoozed:
            await self._tell(firing_id, "fired", message)
        reach("alert")

    async def resolve(self, state: AlertState) -> None:
        """A firing subject is ok again; whoever was told that it fires is told so, unless the rule is snoozed."""
        ((message,),) = await self._rows(SQL.resolve_firing, {"firing_id": state.firing_id})
        await self.remove_state(state.subject)
        if not self.rule.is_snoozed and state.firing_id is not None:
            await self._tell(state.firing_id, "resolved", message | {"kind": "resolved"})

    async def put_state(self, subject: str, state: str, value: float, firing_id: int | None = None) -> None:
        """A subject is no longer ok."""
        columns = {"project_id": self.rule.project_id, "rule_id": self.rule.rule_id, "subject": subject}
        columns |= {"state": state, "value": value, "firing_id": firing_id}
        await self._connection.execute(SQL.put_state, columns)

    async def remove_state(self, subject: str) -> None:
        """A subject is ok."""
        await self._connection.execute(SQL.remove_state, {"rule_id": self.rule.rule_id, "subject": subject})

    async def _tell(self, firing_id: int, what: str, message: Mapping[str, Any]) -> None:
        for channel_id in self.rule.channel_ids:
            key = f"{self.rule.rule_id}:{firing_id}:{what}"
            await put_delivery(self._connection, self.rule.project_id, channel_id, key, message)

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        return await (await self._connection.execute(query, parameters)).fetchall()


class AlertWork:
    """Evaluations over one connection of its own, which it opens again after a failure."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def close(self) -> None:
        """Closes the connection; an evaluation under way is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def rules(self) -> list[DueRule]:
        """Every rule that is switched on. Raises StoreUnavailable."""
        with translate_errors():
            connection = await self._connected()
            try:
                return [DueRule(*row) for row in await (await connection.execute(SQL.due_rules)).fetchall()]
            except psycopg.OperationalError:
                await self.close()
                raise

    @asynccontextmanager
    async def evaluation(self, rule_id: int) -> AsyncIterator[Evaluation | None]:
        """The transaction of one evaluation; None when another evaluator has the rule, or it is gone or off.

        Raises StoreUnavailable when the database goes away: nothing of the evaluation is stored, then.
        """
        with translate_errors():
            try:
                connection = await self._connected()
                async with connection.transaction():
                    given = {"rule_id": rule_id}
                    locked = await (await connection.execute(SQL.lock_rule, given)).fetchone()
                    row = (
                        await (await connection.execute(SQL.rule_to_evaluate, given)).fetchone()
                        if locked and locked[0]
                        else None
                    )
                    yield Evaluation(connection, RuleToEvaluate(*row)) if row else None
            except psycopg.OperationalError:
                await self.close()
                raise

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            self._connection = await connect(self._conninfo, "rainbarrel alerts")
        return self._connection
