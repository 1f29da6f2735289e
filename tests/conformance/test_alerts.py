"""Alert rules over a real store: what an evaluation sees, and that each firing is told exactly once."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.alert_findings import drop_findings, finding, put_findings
from tests.conformance.conftest import Store
from tests.conformance.test_derived import tool_call, trace_row
from tests.spans_made import new_id
from tool_errors.alerts.count import subject_of, window_of
from tool_errors.alerts.evaluate import AlertEvaluator
from tool_errors.alerts.rule import CountRule
from trace_store.alerts.alert_reads import AlertReads
from trace_store.alerts.alert_rows import NANOSECONDS
from trace_store.alerts.alert_store import AlertStore, RuleNameTaken
from trace_store.alerts.alert_work import AlertWork
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.alerts.outbox import DeliveryReader
from trace_store.connections import connect, make_pool
from trace_store.derived_rows import ToolCallRow
from trace_store.derived_tables import replace_derived
from trace_store.stored import TraceKey

COUNT: dict[str, Any] = {"kind": "count", "at_least": 3, "window_s": 600}


@dataclass
class Alerts:
    """Rules over a store, and what was told."""

    store: Store
    pool: Any
    rules: AlertStore
    evaluator: AlertEvaluator
    channel_id: int

    async def add(self, definition: dict[str, Any], name: str = "rule") -> int:
        return await self.rules.add(1, name, definition, [self.channel_id])

    async def look(self) -> list[tuple[str, Any]]:
        """Evaluates everything and says what was told so far, oldest first: kind and title."""
        evaluator = AlertEvaluator(self.store.conninfo)
        await evaluator.step()
        await evaluator.close()
        told, _ = await DeliveryReader(self.pool).newest(1, 1000)
        return [(one.kind, one.subject["title"]) for one in reversed(told)]


@pytest.fixture
async def alerts(store: Store) -> AsyncIterator[Alerts]:
    async with make_pool(store.conninfo, "test", 2) as pool:
        channel_id = await ChannelStore(pool).add(1, "webhook", "pager", {}, Notices())
        evaluator = AlertEvaluator(store.conninfo)
        yield Alerts(store, pool, AlertStore(pool), evaluator, channel_id)
        await evaluator.close()


def now() -> int:
    return time.time_ns()


async def test_a_count_fires_once_is_resolved_and_fires_again(alerts: Alerts) -> None:
    rule_id = await alerts.add(COUNT)
    failed = [finding(now(), user_id=f"u{number % 2}", title="a: b") for number in range(4)]
    late = finding(now() - 601 * NANOSECONDS)
    await put_findings(alerts.store.conninfo, failed[0], failed[1], late)
    assert await alerts.look() == [], "two within the window, and a late one of before"
    await put_findings(alerts.store.conninfo, failed[2])
    assert await alerts.look() == [("fired", "a: b")]
    await put_findings(alerts.store.conninfo, failed[3])
    assert await alerts.look() == [("fired", "a: b")], "it fires already"
    ((state,), (firing,)) = await alerts.rules.states(rule_id), (await alerts.rules.firings(1, 10))[0]
    assert (state.subject, state.state, state.firing_id) == ("", "firing", firing.firing_id)
    assert (firing.value, firing.message["events"], firing.message["users"]) == (3.0, 3, 2)
    assert firing.message["trace_ids"] == [row.trace_id.hex() for row in (failed[2], failed[1], failed[0])]
    await drop_findings(alerts.store.conninfo, failed[0].trace_id, failed[1].trace_id)
    assert await alerts.look() == [("fired", "a: b"), ("resolved", "a: b")]
    assert await alerts.rules.states(rule_id) == []
    await put_findings(alerts.store.conninfo, finding(now(), title="again"))
    assert [kind for kind, _ in await alerts.look()] == ["fired", "resolved", "fired"]
    ((newest, oldest), total) = await alerts.rules.firings(1, 10, rule_id)
    assert (total, newest.resolved_at, oldest.resolved_at is None) == (2, None, False)
    (rule,) = await alerts.rules.rules(1)
    assert (rule.firing_count, rule.snoozed_count, rule.last_fired_at) == (1, 0, newest.fired_at)


async def test_a_snoozed_rule_tells_nobody_until_then(alerts: Alerts) -> None:
    rule_id = await alerts.add(COUNT | {"per": "issue"})
    assert await alerts.rules.snooze(1, rule_id, datetime.now(UTC) + timedelta(hours=1))
    await put_findings(alerts.store.conninfo, *(finding(now()) for _ in range(3)))
    assert await alerts.look() == []
    assert [(state.subject, state.state) for state in await alerts.rules.states(rule_id)] == [("f", "snoozed")]
    await alerts.rules.snooze(1, rule_id, None)
    assert [kind for kind, _ in await alerts.look()] == ["fired"]
    await alerts.rules.snooze(1, rule_id, datetime.now(UTC) + timedelta(hours=1))
    await alerts.store.sql("DELETE FROM findings")
    assert [kind for kind, _ in await alerts.look()] == ["fired"], "resolved in silence"
    ((firing,), _) = await alerts.rules.firings(1, 10)
    assert firing.resolved_at


async def test_a_rule_that_is_off_says_nothing(alerts: Alerts) -> None:
    rule_id = await alerts.add(COUNT)
    await put_findings(alerts.store.conninfo, *(finding(now()) for _ in range(3)))
    await alerts.look()
    assert await alerts.rules.change(1, rule_id, "rule", {"kind": "match"}, [alerts.channel_id], is_enabled=False)
    await put_findings(alerts.store.conninfo, finding(now()))
    assert [kind for kind, _ in await alerts.look()] == ["fired"]
    assert await alerts.rules.states(rule_id) == []
    await alerts.rules.change(1, rule_id, "renamed", {"kind": "match"}, [alerts.channel_id], is_enabled=True)
    assert [kind for kind, _ in await alerts.look()] == ["fired"], "what was found meanwhile is no news"
    await put_findings(alerts.store.conninfo, finding(now()))
    assert [kind for kind, _ in await alerts.look()] == ["fired", "match"]
    with pytest.raises(RuleNameTaken):
        await alerts.add(COUNT, "renamed")
    other = await alerts.add(COUNT, "other")
    with pytest.raises(RuleNameTaken):
        await alerts.rules.change(1, other, "renamed", COUNT, [], is_enabled=True)
    assert await alerts.rules.remove(1, rule_id)
    assert not await alerts.rules.change(1, rule_id, "gone", COUNT, [], is_enabled=True)
    assert (await alerts.rules.firings(1, 10)) == ([], 0)


async def test_every_match_is_told_once_however_often_it_is_derived(alerts: Alerts) -> None:
    await alerts.add({"kind": "match", "filters": {"kinds": ["loop"], "tool": "b"}})
    loop = finding(now(), kind="loop", tool="a, b", title="first")
    await put_findings(alerts.store.conninfo, loop, finding(now()), finding(now(), kind="loop", tool="bb"))
    assert await alerts.look() == [("match", "first")]
    await put_findings(alerts.store.conninfo, replace(loop, title="changed"))
    second = finding(now(), kind="loop", tool="b", title="second")
    old = finding(now() - 2 * 86_400 * NANOSECONDS, kind="loop", tool="b")
    await put_findings(alerts.store.conninfo, second, old)
    assert await alerts.look() == [("match", "first"), ("match", "second")]
    assert await alerts.look() == [("match", "first"), ("match", "second")]


async def test_what_an_open_transaction_found_is_not_passed_over(alerts: Alerts) -> None:
    """The processor dates a finding before it commits; later findings of others may be seen first."""
    rule_id = await alerts.add({"kind": "match"})
    await alerts.store.sql("UPDATE alert_progress SET looked_until = now() - interval '1 hour'")
    slow = finding(now(), title="slow")
    async with await connect(alerts.store.conninfo, "test") as connection:
        async with connection.transaction():
            await connection.execute(b"SELECT 1")
            await put_findings(alerts.store.conninfo, finding(now(), title="quick"))
            assert await alerts.look() == [("match", "quick")]
            ((looked_until,),) = await alerts.store.sql("SELECT looked_until FROM alert_progress")
            await replace_derived(connection, [TraceKey(1, slow.trace_id)], [], [], [], [], [slow])
            ((began,),) = await (await connection.execute(b"SELECT now()")).fetchall()
        assert looked_until < began
    assert await alerts.look() == [("match", "quick"), ("match", "slow")]
    assert rule_id


async def test_a_new_issue_and_a_regression_are_told_once(alerts: Alerts) -> None:
    await put_findings(alerts.store.conninfo, finding(now() - NANOSECONDS, fingerprint="known"))
    await alerts.add({"kind": "first_seen"}, "new")
    await alerts.add({"kind": "regression"}, "back")
    await put_findings(
        alerts.store.conninfo,
        *(finding(now() + NANOSECONDS, fingerprint=name, title=name) for name in ("known", "fresh", "fresh")),
    )
    assert await alerts.look() == [("fired", "fresh")]
    resolve = "UPDATE issue_states SET status = 'resolved', resolved_at = now() WHERE fingerprint = 'known'"
    await alerts.store.sql(resolve)
    await put_findings(alerts.store.conninfo, finding(now() + 2 * NANOSECONDS, fingerprint="known", title="regressed"))
    assert await alerts.look() == [("fired", "fresh"), ("fired", "regressed")]
    await put_findings(alerts.store.conninfo, finding(now() + 2 * NANOSECONDS, fingerprint="known", title="more"))
    assert len(await alerts.look()) == 2


async def test_an_issue_resolved_in_a_release_goes_on_in_earlier_ones(alerts: Alerts) -> None:
    await put_findings(alerts.store.conninfo, finding(now() - 5 * NANOSECONDS, release="1"))
    await alerts.add({"kind": "regression"})
    await alerts.store.sql(
        "UPDATE issue_states SET status = 'resolved', resolved_at = now(), resolved_in_release = '2'"
    )
    await put_findings(alerts.store.conninfo, finding(now() + 2 * NANOSECONDS, release="1"))
    assert await alerts.look() == []
    await put_findings(alerts.store.conninfo, finding(now() + 2 * NANOSECONDS, release="2", title="in 2"))
    assert await alerts.look() == [("fired", "in 2")]
    await alerts.store.sql("UPDATE issue_states SET resolved_at = now() + interval '3 seconds'")
    await alerts.store.sql("INSERT INTO releases VALUES (1, '1', 1), (1, '2', 2), (1, '3', 3)")
    await put_findings(alerts.store.conninfo, *(finding(now() + 5 * NANOSECONDS, release=name) for name in ("1", "")))
    assert len(await alerts.look()) == 1
    await put_findings(alerts.store.conninfo, finding(now() + 5 * NANOSECONDS, release="3", title="in 3"))
    assert await alerts.look() == [("fired", "in 2"), ("fired", "in 3")]


async def put_calls(store: Store, *calls: ToolCallRow) -> None:
    async with await connect(store.conninfo, "test") as connection, connection.transaction():
        for call in calls:
            await replace_derived(
                connection, [TraceKey(1, call.trace_id)], [trace_row(trace_id=call.trace_id)], [], [call], []
            )


async def test_a_tool_that_fails_more_often_than_in_its_week(alerts: Alerts) -> None:
    await alerts.add({"kind": "rate", "tool": "search", "window_s": 3600, "calls_min": 5})
    at = now()

    def calls(count: int, age_s: int, status: str, **fields: Any) -> list[ToolCallRow]:
        times = {"start_unix_nano": at - age_s * NANOSECONDS, "end_unix_nano": at - age_s * NANOSECONDS + 1}
        return [tool_call(new_id(16), "1", status=status, **times | fields) for _ in range(count)]

    await put_calls(alerts.store, *calls(20, 7200, "ok"), *calls(1, 7200, "error"), *calls(5, 60, "ok"))
    elsewhere = {"group_says": {"is_told_elsewhere": True}}
    await put_calls(
        alerts.store, *calls(5, 60, "error", **elsewhere), *calls(5, 60, "error", propagated_from=b"\1" * 8)
    )
    assert await alerts.look() == []
    await put_calls(alerts.store, *calls(5, 60, "soft_error"))
    ((kind, title),) = await alerts.look()
    assert (kind, title) == ("fired", "search fails in 50% of its calls, 4.8% in the week before")


async def test_two_evaluators_tell_once(alerts: Alerts) -> None:
    await alerts.add(COUNT)
    await alerts.add({"kind": "match"}, "each")
    await put_findings(alerts.store.conninfo, *(finding(now()) for _ in range(3)))
    await asyncio.gather(*(alerts.look() for _ in range(4)))
    assert sorted(kind for kind, _ in await alerts.look()) == ["fired", "match", "match", "match"]


async def test_a_rule_has_one_evaluator_and_nothing_of_half_an_evaluation(alerts: Alerts) -> None:
    rule_id = await alerts.add(COUNT)
    first, second = AlertWork(alerts.store.conninfo), AlertWork(alerts.store.conninfo)

    async def dies_before_the_commit() -> None:
        async with first.evaluation(rule_id) as evaluation:
            assert evaluation is not None
            async with second.evaluation(rule_id) as other:
                assert other is None
            await evaluation.fire("", 1.0, {"kind": "fired", "title": "never"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await dies_before_the_commit()
    assert await alerts.look() == []
    assert (await alerts.rules.firings(1, 10))[1] == 0
    await first.close()
    await second.close()


@pytest.mark.parametrize("per", ["rule", "issue", "tool"])
async def test_sql_counts_what_the_back_test_counts(alerts: Alerts, per: Any) -> None:
    at = now()
    rows = [
        finding(at - number * 7 * NANOSECONDS, fingerprint="fg"[number % 2], tool="st"[number % 3 == 0], user_id=user)
        for number in range(20)
        for user in ("a", None)
    ]
    await put_findings(alerts.store.conninfo, *rows)
    rule = CountRule(kind="count", at_least=3, window_s=70, per=per)
    window = window_of(rule, 1, at)
    async with await connect(alerts.store.conninfo, "test") as connection:
        reads = AlertReads(connection)
        events, total = await reads.findings(window, 100)
        measured = {found.subject: (found.events, found.users) for found in await reads.measure(window, "events", 3)}
    assert total == len(events) == 20
    subjects = [subject_of(rule, event) for event in events]
    expected = {name: (subjects.count(name), 1) for name in subjects if subjects.count(name) >= 3}
    assert measured == expected
