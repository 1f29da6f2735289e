"""A store on every tier: the writer, the reader and plain SQL over one fresh database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from psycopg.rows import TupleRow

from trace_store.connections import connect, make_pool
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedLog, AcceptedSpan
from trace_store.reader import TraceReader
from trace_store.receipts import CommitResult
from trace_store.stored import StoredSpan, TraceKey
from trace_store.writer import SpanWriter

RETENTION_DAYS = 30


@dataclass
class Store:
    """One database and the ways to it."""

    conninfo: str
    writer: SpanWriter
    reader: TraceReader

    async def commit(self, *records: AcceptedSpan | AcceptedLog) -> CommitResult:
        spans = [record for record in records if isinstance(record, AcceptedSpan)]
        logs = [record for record in records if isinstance(record, AcceptedLog)]
        return await self.writer.commit(CommitBatch(spans, logs))

    async def stored(self, trace_id: bytes) -> list[StoredSpan]:
        return await self.reader.stored_spans(TraceKey(1, trace_id))

    async def sql(self, statement: str, parameters: Any = None) -> list[TupleRow]:
        async with await connect(self.conninfo, "test") as connection:
            cursor = await connection.execute(statement.encode(), parameters)
            return await cursor.fetchall() if cursor.description else []


@pytest.fixture
async def store(any_database: str) -> AsyncIterator[Store]:
    writer = SpanWriter(any_database, RETENTION_DAYS)
    await writer.open()
    pool = make_pool(any_database, "test reader", 2)
    async with pool:
        yield Store(any_database, writer, TraceReader(pool))
    await writer.close()
