"""Alert rules on signals of one's own: counted, told once, and from the moment the rule was made."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.alert_findings import finding, put_findings
from tests.conformance.conftest import Store
from tests.conformance.test_alerts import Alerts
from tests.conformance.test_alerts import alerts as alerts
from tests.signal_matches import match, put_matches, signal, write_matches
from tests.spans_made import span
from tool_errors.alerts.backtest import backtest
from tool_errors.alerts.rule import read_definition
from trace_store.alerts.alert_reads import AlertReads
from trace_store.alerts.alert_rows import NANOSECONDS, Window
from trace_store.alerts.alert_store import SQL
from trace_store.alerts.signals import match_key
from trace_store.connections import connect
from trace_store.lists.verdicts import say
from trace_store.stored import TraceKey

OF_SIGNAL: dict[str, Any] = {"filters": {"signal": "refunds"}}
INTERACTION: dict[str, Any] = {
    **dict.fromkeys(("start_unix_nano", "end_unix_nano", "tool_call_count", "error_count", "soft_error_count"), 0),
    **dict.fromkeys(("loop_count", "input_tokens", "output_tokens", "duration_ns", "derived_version"), 0),
    **dict.fromkeys(("is_ai", "is_pending", "is_from_spans"), True),
    **{key: [] for key in ("attachments", "trace_ids", "tools")},
    "event_name": "",
    "release": "",
    "feature_flags": {},
    **dict.fromkeys(("received_at", "last_bucket"), "2026-11-01"),
}
MEASURE = SQL.measure_window
USERS = {"kind": "count", "counts": "users", "at_least": 2, "window_s": 60} | OF_SIGNAL


@pytest.fixture
async def refunds(store: Store) -> str:
    await signal(store.conninfo, "other")
    return await signal(store.conninfo)


def now() -> int:
    return time.time_ns()


async def test_users_who_meet_a_signal_are_counted(alerts: Alerts, refunds: str) -> None:
    await alerts.add(USERS)
    first = match(refunds, now(), user_id="a")
    await put_matches(alerts.store.conninfo, first, match(refunds, now(), user_id="a"))
    await put_findings(alerts.store.conninfo, *(finding(now(), user_id=user) for user in "bc"))
    assert await alerts.look() == [], "findings are no matches"
    wrong = match(refunds, now(), user_id="b")
    await put_matches(alerts.store.conninfo, wrong)
    assert await alerts.look() == [("fired", "refunds: 3 times")]
    ((firing,), _) = await alerts.rules.firings(1, 10)
    told = firing.message
    assert (told["users"], told["signal"], told["issue"], told["tool"]) == (2, "refunds", None, None)
    assert "the newest: refunds: my money back" in told["what"]
    assert told["trace_ids"][0] == wrong.trace_id.hex()
    async with await connect(alerts.store.conninfo, "test") as connection, connection.transaction():
        await say(connection, TraceKey(1, wrong.trace_id), match_key(refunds), "wrong_match")
    await put_matches(alerts.store.conninfo, wrong)
    assert [kind for kind, _ in await alerts.look()] == ["fired", "resolved"]


async def test_every_match_is_told_once_and_none_of_before(alerts: Alerts, refunds: str) -> None:
    before = match(refunds, now())
    await alerts.add({"kind": "match"} | OF_SIGNAL, "each")
    await alerts.add({"kind": "first_seen"} | OF_SIGNAL, "new")
    await alerts.add({"kind": "match"}, "findings")
    await put_matches(alerts.store.conninfo, before)
    assert await alerts.look() == [], "looked for in what is stored"
    later = match(refunds, now() + NANOSECONDS, excerpt="again")
    for row in (later, replace(later, span_id=b"\2" * 8), later):
        await put_matches(alerts.store.conninfo, row)
        assert await alerts.look() == [("match", "refunds: again")]


async def test_a_signal_is_first_seen_once(alerts: Alerts, refunds: str) -> None:
    await alerts.add({"kind": "first_seen"} | OF_SIGNAL)
    for second in (2, 3):
        await put_matches(alerts.store.conninfo, match(refunds, now() + second * NANOSECONDS))
        assert await alerts.look() == [("fired", "refunds: my money back")]


async def test_a_match_of_an_open_transaction_is_not_passed_over(alerts: Alerts, refunds: str) -> None:
    await alerts.add({"kind": "match"} | OF_SIGNAL)
    slow, quick = (match(refunds, now() + NANOSECONDS, excerpt=name) for name in ("slow", "quick"))
    async with await connect(alerts.store.conninfo, "test") as connection, connection.transaction():
        await connection.execute(b"SELECT 1")
        await put_matches(alerts.store.conninfo, quick)
        assert await alerts.look() == [("match", "refunds: quick")]
        await write_matches(connection, slow)
    assert await alerts.look() == [("match", "refunds: quick"), ("match", "refunds: slow")]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"user": "a"}, 1),
        ({"environment": "prod"}, 1),
        ({"release": "7"}, 0),
        ({"conversation": "c"}, 1),
        ({"service": "store"}, 2),
        ({"service": "elsewhere"}, 0),
        ({"agent": "shop", "service": "store"}, 2),
        ({"agent": "clerk"}, 0),
        ({"traits": {"plan": "pro"}}, 1),
        ({"traits": {"plan": "pro", "seats": 6}}, 0),
        ({"properties": {"feature": "search"}}, 1),
        ({"properties": {"feature": "search"}, "traits": {"plan": "pro"}}, 0),
    ],
)
async def test_properties_filter(alerts: Alerts, refunds: str, filters: dict[str, Any], expected: int) -> None:
    rows = [match(refunds, now(), user_id="a"), match(refunds, now(), environment="prod", conversation_id="c")]
    await put_matches(alerts.store.conninfo, *rows)
    traits = '{"plan": "pro", "seats": 5}'
    await alerts.store.sql("INSERT INTO users VALUES (1, 'a', %(traits)s::jsonb, 1, 1, 1)", {"traits": traits})
    event = {"project_id": 1, "event_id": "e", "properties": {"feature": "search", "plan": 1}} | INTERACTION
    await alerts.store.sql(
        "INSERT INTO interactions SELECT * FROM jsonb_populate_record(NULL::interactions, %(event)s::jsonb)",
        {"event": json.dumps(event)},
    )
    await alerts.store.sql(
        "INSERT INTO interaction_traces VALUES (1, 'e', %(trace_id)s, 2, true)", {"trace_id": rows[1].trace_id}
    )
    rule = read_definition({"kind": "count", "at_least": 1, "window_s": 60, "filters": {"signal": "refunds"} | filters})
    assert rule.kind == "count"
    async with await connect(alerts.store.conninfo, "test") as connection:
        reads = AlertReads(connection)
        window = Window(1, 0, now(), rule.filters.columns())
        assert (await reads.findings(window, 10))[1] == expected
        assert sum(found.events for found in await reads.measure(window, "events", 1)) == expected
        tested = await backtest(reads, 1, rule, now(), 1)
    assert (len(tested.firings), tested.total) == (min(expected, 1), expected)


async def test_each_part_of_the_view_is_read_alone(alerts: Alerts, refunds: str) -> None:
    """With 20,000 findings and matches a rule reads those of its window by index, and never the other parts."""
    await alerts.store.sql(
        "INSERT INTO findings SELECT 1, sha256(n::text::bytea), 'call:1', 'tool_error', 'f', 't', 'x', NULL, n, n, "
        "false, NULL, NULL, NULL, '', '', now() FROM generate_series(1, 20000) n"
    )
    await alerts.store.sql(
        "INSERT INTO signal_matches SELECT 1, sha256(n::text::bytea), %(id)s::uuid, n, ''::bytea, 'input', 'x', NULL, "
        "NULL, NULL, n, '', '', false, now() FROM generate_series(1, 20000) n",
        {"id": refunds},
    )
    await alerts.store.sql("ANALYZE findings, signal_matches, signals")
    for filters, read, unread in (
        ({}, "findings_end_idx", "signal_matches"),
        ({"signal": "refunds", "source": "match"}, "signal_matches", "findings"),
    ):
        window = Window(1, 19_990, 30_000, filters).parameters() | {"counts": "events", "at_least": 1}
        async with await connect(alerts.store.conninfo, "test") as connection:
            explained = await connection.execute(b"EXPLAIN " + MEASURE, window, prepare=False)
            plan = "\n".join(row[0] for row in await explained.fetchall())
        assert read in plan, plan
        assert unread not in plan, plan
        assert "feedback" not in plan, plan
        assert "Seq Scan on findings" not in plan, plan
        assert "Seq Scan on signal_matches" not in plan, plan


async def test_what_applications_post_is_a_signal_too(alerts: Alerts) -> None:
    await alerts.add({"kind": "match", "filters": {"signal": "feedback:thumbs_down"}}, "each")
    await alerts.add(
        {"kind": "count", "counts": "users", "at_least": 2, "window_s": 3600}
        | {"filters": {"signal": "feedback:thumbs_down", "properties": {"feature": "search"}}},
        "many",
    )
    await alerts.store.commit(span())  # a commit makes the day's partitions
    for number, user in enumerate("aab"):
        event = {"project_id": 1, "event_id": f"e{number}", "user_id": user, "properties": {"feature": "search"}}
        await alerts.store.sql(
            "INSERT INTO interactions SELECT * FROM jsonb_populate_record(NULL::interactions, %(event)s::jsonb)",
            {"event": json.dumps(INTERACTION | event | {"trace_ids": ["\\x" + "07" * 16]})},
        )
        for name in ("thumbs_down", "thumbs_up"):
            await alerts.store.sql(
                "INSERT INTO feedback (project_id, bucket, event_id, digest, name, type, properties) VALUES (1, "
                "current_date, %(event)s, %(digest)s, %(name)s, 'feedback', '{\"comment\": \"too slow\"}')",
                {"event": f"e{number}", "digest": name.encode(), "name": name},
            )
        told = await alerts.look()
        assert told.count(("match", "thumbs_down: too slow")) == number + 1
        assert (("fired", "feedback:thumbs_down: 3 times") in told) == (number == 2)
    ((firing, *_), _) = await alerts.rules.firings(1, 1)
    assert firing.message["trace_ids"] == ["07" * 16]
    assert firing.message["signal"] == "feedback:thumbs_down"
