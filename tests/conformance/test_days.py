"""Which day a record is kept under, and how days come and go."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.conformance.conftest import RETENTION_DAYS, Store
from tests.spans_made import NOW, log, new_id, span
from trace_store.buckets import DAY_NS, date_of
from trace_store.flush import CommitBatch
from trace_store.stored import TraceKey
from trace_store.upkeep.maintenance import maintain
from trace_store.upkeep.retention import Dropped


@pytest.fixture(autouse=True)
def _now_is_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test run may begin on the day before."""
    for module in ("spans_made", "conformance.test_days"):
        monkeypatch.setattr(f"tests.{module}.NOW", time.time_ns())


@pytest.mark.parametrize(
    ("age_days", "is_late"),
    [
        (0, False),
        (1, False),
        (RETENTION_DAYS, False),
        (RETENTION_DAYS + 1, True),
        (-2, False),
        (-3, True),
        (20_000, True),
    ],
)
async def test_a_record_goes_under_its_own_day_within_the_window(store: Store, age_days: int, is_late: bool) -> None:
    at = max(NOW - age_days * DAY_NS, 0)
    sent = span(start_unix_nano=at, end_unix_nano=at)
    result = await store.commit(sent, log(time_unix_nano=at))
    expected = date_of(NOW // DAY_NS) if is_late else date_of(at // DAY_NS)
    (stored,) = await store.stored(sent.trace_id)
    assert stored.row.bucket == expected
    assert result.total("traces").late == is_late
    assert await store.sql("SELECT bucket FROM log_records") == [(expected,)]


async def test_a_log_record_without_time_is_not_late(store: Store) -> None:
    result = await store.commit(log(time_unix_nano=0))
    assert result.total("logs").late == 0


async def test_retention_drops_old_days_everywhere_and_keeps_the_rest(store: Store) -> None:
    old = NOW - (RETENTION_DAYS + 5) * DAY_NS
    gone = [span(start_unix_nano=old, links=((new_id(16), new_id(8)),)) for _ in range(3)]
    flush = store.writer.encode(CommitBatch(gone, [log(gone[0].trace_id, time_unix_nano=old)]), received_unix_nano=old)
    await store.writer.store(flush)
    oldest_kept = span(start_unix_nano=NOW - RETENTION_DAYS * DAY_NS)
    await store.commit(oldest_kept)
    report = await maintain(store.conninfo, RETENTION_DAYS)
    assert report is not None
    assert report.dropped.days_or_chunks > 0
    assert await store.stored(gone[0].trace_id) == []
    for table in ("spans", "span_blobs", "span_links", "log_records", "ingest_receipts"):
        rows = await store.sql(f"SELECT min(bucket) FROM {table}")
        assert rows[0][0] is None or rows[0][0] >= oldest_kept_day(), table
    assert len(await store.stored(oldest_kept.trace_id)) == 1


def oldest_kept_day() -> date:
    return date_of(NOW // DAY_NS - RETENTION_DAYS)


async def test_a_dropped_day_comes_back_when_a_record_needs_it(store: Store) -> None:
    day = NOW - RETENTION_DAYS * DAY_NS
    first, second = span(start_unix_nano=day), span(start_unix_nano=day)
    await store.commit(first)
    report = await maintain(store.conninfo, RETENTION_DAYS - 1)
    assert report is not None
    assert await store.stored(first.trace_id) == []
    await store.commit(second)
    assert [found.otlp for found in await store.stored(second.trace_id)] == [second.otlp]


async def test_maintenance_runs_once_at_a_time_and_again(store: Store) -> None:
    assert await maintain(store.conninfo, RETENTION_DAYS) is not None
    report = await maintain(store.conninfo, RETENTION_DAYS)
    assert report is not None
    assert report.dropped.days_or_chunks == 0


async def test_a_clock_that_leaps_forward_drops_nothing_until_that_has_lasted_for_a_day(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    sent = span(start_unix_nano=NOW - DAY_NS)
    await store.commit(sent)
    await maintain(store.conninfo, RETENTION_DAYS)

    ours_alone = await maintain(store.conninfo, RETENTION_DAYS, datetime.now(UTC) + timedelta(days=400))
    assert ours_alone is not None
    assert ours_alone.dropped == Dropped(0, 0)
    assert caplog.messages == []  # the database's clock counts

    leapt = "UPDATE retention_clock SET believed_at = now() - interval '60 days', doubted_at = {}"
    for doubted_at in ("NULL", "now() - interval '23 hours'"):
        await store.sql(leapt.format(doubted_at))
        both = await maintain(store.conninfo, 1, datetime.now(UTC))
        assert both is not None
        assert both.dropped == Dropped(0, 0)
        assert "The clock is 60 days ahead of " in caplog.messages[-1]
    await store.sql("UPDATE retention_clock SET believed_at = now() + interval '60 days', doubted_at = NULL")
    await maintain(store.conninfo, RETENTION_DAYS)  # the clock has gone back
    assert len(await store.stored(sent.trace_id)) == 1

    old = NOW - (RETENTION_DAYS + 5) * DAY_NS
    await store.writer.store(store.writer.encode(CommitBatch([span(start_unix_nano=old)]), received_unix_nano=old))
    await store.sql(leapt.format("now() - interval '25 hours'"))
    lasted = await maintain(store.conninfo, RETENTION_DAYS)
    assert lasted is not None
    assert lasted.dropped.days_or_chunks > 0


async def test_what_was_put_off_while_the_clock_was_ahead_is_due_once_it_is_right(store: Store) -> None:
    await store.commit(span())
    await store.sql("UPDATE dirty_marks SET not_before = now() + interval '400 days'")
    assert (await store.reader.stats()).dirty == 0
    await maintain(store.conninfo, RETENTION_DAYS)
    assert (await store.reader.stats()).dirty == 1


async def test_receipts_of_past_hours_become_sums(store: Store) -> None:
    for _ in range(3):
        batch = CommitBatch([span()], rejected={(1, "traces"): {"bad id": 2, "\0": 1}}, metric_point_counts={1: 7})
        await store.writer.commit(batch)
    before = await store.reader.stats()
    await store.sql("UPDATE ingest_receipts SET received_at = date_trunc('hour', now()) - interval '10 minutes'")
    await maintain(store.conninfo, RETENTION_DAYS)
    receipts = await store.reader.receipts(1)
    assert sorted((r.signal, r.accepted, r.rejected) for r in receipts) == [
        ("metrics", 21, {}),
        ("traces", 3, {"bad id": 6, "\u2400": 3}),
    ]
    after = await store.reader.stats()
    assert (before.spans, after.spans) == (3, 3)


async def test_a_day_that_is_new_to_a_session_is_read_by_it(store: Store) -> None:
    """Sessions plan their queries once; a new partition or chunk must not be missing from such a plan."""
    trace_id = new_id(16)
    for age_days in range(12):
        await store.commit(span(trace_id, start_unix_nano=NOW - age_days * DAY_NS))
        assert len(await store.stored(trace_id)) == age_days + 1
        assert len(await store.reader.outline(TraceKey(1, trace_id))) == age_days + 1
