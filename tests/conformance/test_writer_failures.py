"""What the writer says when something goes wrong, and that it goes on afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.conformance.conftest import RETENTION_DAYS, Store
from tests.spans_made import span
from trace_store.connections import connect
from trace_store.exceptions import SpanRejected, StoreUnavailable
from trace_store.flush import CommitBatch
from trace_store.writer import SpanWriter

KILL_WRITER = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'rainbarrel writer' AND datname = current_database()
"""


async def test_a_value_that_the_database_refuses_rejects_the_flush_and_nothing_else(store: Store) -> None:
    await store.sql("ALTER TABLE spans ADD CONSTRAINT no_poison CHECK (name <> 'poison')")
    good, bad = span(), span(name="poison")
    with pytest.raises(SpanRejected, match="no_poison"):
        await store.commit(good, bad)
    assert await store.stored(good.trace_id) == []
    assert await store.sql("SELECT count(*) FROM span_blobs") == [(0,)]
    assert (await store.commit(good)).total("traces").accepted == 1


async def test_a_value_that_is_refused_while_the_rest_is_still_sent(store: Store) -> None:
    await store.sql("ALTER TABLE spans ADD CONSTRAINT no_poison CHECK (name <> 'poison')")
    poison = span(b"\0" * 15 + b"\1", name="poison")  # the first row
    with pytest.raises(SpanRejected, match="no_poison"):
        await store.commit(poison, *(span(name="x" * 40_000) for _ in range(100)))
    assert await store.sql("SELECT count(*) FROM span_blobs") == [(0,)]
    assert (await store.commit(span())).total("traces").accepted == 1


async def test_a_record_that_fits_no_column_is_rejected_by_encode(store: Store) -> None:
    with pytest.raises(SpanRejected, match="surrogates not allowed"):
        store.writer.encode(CommitBatch([span(name="\ud800")]))


async def test_an_idle_connection_that_was_cut_is_opened_again(store: Store) -> None:
    await store.commit(span())
    assert await store.sql(KILL_WRITER) == [(True,)]
    sent = span()
    assert (await store.commit(sent)).total("traces").accepted == 1
    assert len(await store.stored(sent.trace_id)) == 1


async def test_a_database_that_is_away_is_unavailable_and_the_writer_goes_on_later(store: Store) -> None:
    sent = span()
    flush = store.writer.encode(CommitBatch([sent]))
    name = conninfo_to_dict(store.conninfo)["dbname"]
    allow = f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS "
    async with await connect(make_conninfo(store.conninfo, dbname="postgres"), "test") as administrator:
        await administrator.execute((allow + "false").encode())
        await administrator.execute(KILL_WRITER.replace("current_database()", f"'{name}'").encode())
        with pytest.raises(StoreUnavailable, match="not currently accepting connections"):
            await store.writer.store(flush)
        await administrator.execute((allow + "true").encode())
    assert (await store.writer.store(flush)).total("traces").accepted == 1


async def test_encode_before_the_first_connection_is_unavailable(any_database: str) -> None:
    with pytest.raises(StoreUnavailable):
        SpanWriter(any_database, RETENTION_DAYS).encode(CommitBatch([span()]))


@asynccontextmanager
async def locked(store: Store) -> AsyncIterator[None]:
    """While the block runs, nothing can be stored."""
    async with await connect(store.conninfo, "test") as other, other.transaction():
        await other.execute(b"LOCK TABLE spans")
        yield


async def test_a_database_that_does_not_answer_is_unavailable_in_bounded_time(store: Store) -> None:
    impatient = SpanWriter(store.conninfo, RETENTION_DAYS, store_timeout_s=1.0)
    await impatient.open()
    async with locked(store), asyncio.timeout(120):
        with pytest.raises(StoreUnavailable, match="did not answer for 1 s"):
            await impatient.commit(CommitBatch([span()]))
    async with asyncio.timeout(120):
        while await is_too_slow(impatient):
            pass
    await impatient.close()


async def is_too_slow(impatient: SpanWriter) -> bool:
    """On a busy machine a second may be too little."""
    try:
        return (await impatient.commit(CommitBatch([span()]))).total("traces").accepted != 1
    except StoreUnavailable:
        return True


async def test_a_cancelled_store_leaves_a_usable_writer(store: Store) -> None:
    sent = span()
    async with locked(store):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.commit(sent), 0.2)
    assert (await store.commit(sent)).total("traces").accepted == 1
