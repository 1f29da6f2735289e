"""Reads spans and log records with their exact bytes, over whatever connection the caller holds."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from trace_store.blobs import Blob
from trace_store.fact_parts import Entry, NewPart, StoredPart, newest_entries, span_key
from trace_store.queries import load
from trace_store.stored import Link, SpanRow, StoredEnvelope, StoredLog, StoredSpan, TraceKey, TreeRow

SQL = load("reader")
LOG_SQL = load("log_spans")
PART_SQL = load("fact_parts")
ENVELOPES_MAX = 16_384
_NO_FACTS: dict[bytes, Entry] = {}

Connection = psycopg.AsyncConnection[Any]
BlobKey = tuple[int, bytes, date, int]  # project, trace id, bucket, blob id


async def fetch(connection: Connection, query: bytes, parameters: Any = None) -> list[TupleRow]:
    """All rows of a query, sent in binary; the session prepares it once."""
    return await _fetch(connection, query, parameters, is_prepared=True)


async def plan_and_fetch(connection: Connection, query: bytes, parameters: Any = None) -> list[TupleRow]:
    """All rows of a query whose best plan depends on its parameters: it is planned each time."""
    return await _fetch(connection, query, parameters, is_prepared=False)


async def _fetch(connection: Connection, query: bytes, parameters: Any, *, is_prepared: bool) -> list[TupleRow]:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(query, parameters, prepare=is_prepared)
        return await cursor.fetchall()


class EnvelopeReader:
    """Resources and scopes by id, kept in memory: they are immutable and shared by many spans."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, int, int], StoredEnvelope] = OrderedDict()

    async def read(
        self, connection: Connection, query: bytes, keys: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], StoredEnvelope]:
        """The envelopes of these (project, id) pairs; `query` is `resources` or `scopes`."""
        wanted = set(keys)
        found = {key: self._known[query, *key] for key in wanted if (query, *key) in self._known}
        missing = wanted - found.keys()
        for project_id in {project_id for project_id, _ in missing}:
            ids = [envelope_id for project, envelope_id in missing if project == project_id]
            for envelope_id, otlp, schema_url, *names in await fetch(connection, query, (project_id, ids)):
                envelope = StoredEnvelope(otlp, schema_url.decode(), *names)
                found[project_id, envelope_id] = self._known[query, project_id, envelope_id] = envelope
        while len(self._known) > ENVELOPES_MAX:
            self._known.popitem(last=False)
        return found


class SpanReads:
    """The reads of facts that both pages and the processor need; every method takes the connection to use."""

    def __init__(self) -> None:
        self._envelopes = EnvelopeReader()

    async def stored_spans(
        self, connection: Connection, traces: Collection[TraceKey], span_ids: Collection[bytes] | None = None
    ) -> list[StoredSpan]:
        """Every version of every span of these traces with its bytes; with `span_ids` only of those spans."""
        parameters = _trace_parameters(traces) | {"span_ids": None if span_ids is None else list(span_ids)}
        return await self.spans_in(connection, await fetch(connection, SQL.stored_spans, parameters))

    async def stored_spans_of_blobs(self, connection: Connection, blobs: Collection[BlobKey]) -> list[StoredSpan]:
        """The spans of given traces that lie in given blobs."""
        parameters = _blob_parameters(blobs)
        return await self.spans_in(connection, await fetch(connection, SQL.stored_spans_of_blobs, parameters))

    async def stored_spans_of_log_blobs(self, connection: Connection, blobs: Collection[BlobKey]) -> list[StoredSpan]:
        """The spans of given traces that the log records in given blobs belong to."""
        keys = await fetch(connection, SQL.span_ids_of_log_blobs, _blob_parameters(blobs))
        if not keys:
            return []
        traces = {TraceKey(project_id, trace_id) for project_id, trace_id, _ in keys}
        return await self.stored_spans(connection, traces, [span_id for *_, span_id in keys])

    async def stored_logs(
        self, connection: Connection, traces: Collection[TraceKey], span_ids: Collection[bytes] | None = None
    ) -> list[StoredLog]:
        """The log records of these traces, ordered by time; with `span_ids` only those of these spans."""
        parameters = _trace_parameters(traces) | {"span_ids": None if span_ids is None else list(span_ids)}
        return await self.logs_in(connection, await fetch(connection, SQL.stored_logs, parameters))

    async def logs_of_blobs(self, connection: Connection, blobs: Collection[BlobKey]) -> list[StoredLog]:
        """The log records of given traces that lie in given blobs; an empty trace id asks for those of no trace."""
        return await self.logs_in(connection, await fetch(connection, LOG_SQL.logs_of_blobs, _blob_parameters(blobs)))

    async def logs_in(self, connection: Connection, parts: list[TupleRow]) -> list[StoredLog]:
        """The log records that the rows of `stored_logs`, or of a query of the same columns, tell of; by time."""
        resources = await self._envelopes.read(connection, SQL.resources, _ids(parts, 8))
        scopes = await self._envelopes.read(connection, SQL.scopes, _ids(parts, 9))
        logs: list[StoredLog] = []
        for project_id, trace_id, bucket, body, *columns in parts:
            blob = Blob(body)
            for span_id, time, event_name, digest, resource_id, scope_id, position in zip(*columns, strict=True):
                logs.append(
                    StoredLog(
                        *(project_id, trace_id or b"", span_id or b"", time, event_name, bucket, digest),
                        blob.record(position),
                        resources[project_id, resource_id],
                        scopes[project_id, scope_id],
                    )
                )
        return sorted(logs, key=lambda log: (log.time_unix_nano, log.digest))

    async def spans_in(self, connection: Connection, parts: list[TupleRow]) -> list[StoredSpan]:
        """The span versions that the rows of `stored_spans`, or of a query of the same columns, tell of."""
        resources = await self._envelopes.read(connection, SQL.resources, _ids(parts, 13))
        scopes = await self._envelopes.read(connection, SQL.scopes, _ids(parts, 14))
        spans: list[StoredSpan] = []
        for project_id, bucket, body, *columns in parts:
            blob = Blob(body)
            for (
                *(trace_id, span_id, parent, start, end, name, kind, status_code, raw_length, digest),
                resource_id,
                scope_id,
                position,
            ) in zip(*columns, strict=True):
                row = SpanRow(
                    *(project_id, trace_id, span_id, parent or b"", start, end, bucket, name, kind, status_code),
                    *(raw_length, digest),
                )
                envelopes = (resources[project_id, resource_id], scopes[project_id, scope_id])
                spans.append(StoredSpan(row, blob.record(position), *envelopes))
        return spans


async def read_tree_rows(
    connection: Connection, traces: Collection[TraceKey]
) -> tuple[list[TreeRow], list[StoredPart]]:
    """Every version of the spans of these traces with the facts of exactly that version, and the parts in which all
    of their facts lie; no blob is opened."""
    rows = await fetch(connection, SQL.tree_rows, _trace_parameters(traces))
    parts = [StoredPart(*row) for row in await fetch(connection, PART_SQL.of_traces, _trace_parameters(traces))]
    return _with_facts(((SpanRow(*row[:12]), *row[12:]) for row in rows), parts), parts


def tree_rows_of(
    traces: Collection[TraceKey], spans: Iterable[StoredSpan], parts: Iterable[NewPart]
) -> dict[TraceKey, list[TreeRow]]:
    """What would be read of these traces, if `spans` are all of theirs and `parts`, just written, hold all facts."""
    if not traces:
        return {}
    rows = [(row, of.service_name, of.release) for row, _, of, _ in spans if row.trace in traces]
    of_traces = (StoredPart.of_new(part) for part in parts if part.key.trace in traces)
    found: dict[TraceKey, list[TreeRow]] = {}
    for tree_row in _with_facts(rows, of_traces):
        found.setdefault(tree_row.row.trace, []).append(tree_row)
    return found


def _with_facts(rows: Iterable[tuple[SpanRow, str, str]], parts: Iterable[StoredPart]) -> list[TreeRow]:
    facts = newest_entries(parts)
    found = []
    for span, service_name, release in rows:
        entry = facts.get((span.trace, span.bucket), _NO_FACTS).get(span_key(span))
        if entry is None:
            found.append(TreeRow(span, None, None, None, service_name, release))
        else:
            found.append(TreeRow(span, entry.type, entry.dialect, entry.facts, service_name, release))
    return found


async def read_links(connection: Connection, query: bytes, trace: TraceKey, span_id: bytes | None) -> list[Link]:
    """The links from (`links_from`) or to (`links_to`) a trace or one of its spans."""
    return [Link(*row) for row in await fetch(connection, query, trace._asdict() | {"span_id": span_id})]


def _ids(parts: Iterable[Sequence[Any]], column: int) -> set[tuple[int, int]]:
    return {(part[0], envelope_id) for part in parts for envelope_id in part[column]}


def _trace_parameters(traces: Collection[TraceKey]) -> dict[str, Any]:
    return {"project_ids": [trace[0] for trace in traces], "trace_ids": [trace[1] for trace in traces]}


def _blob_parameters(blobs: Collection[BlobKey]) -> dict[str, Any]:
    columns = zip(*blobs, strict=True) if blobs else ((), (), (), ())
    names = ("project_ids", "trace_ids", "buckets", "blob_ids")
    return {name: list(column) for name, column in zip(names, columns, strict=True)}
