"""Writes the facts of spans inside a claim, which holds the locks of their traces: adds parts and merges small ones."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import psycopg

from trace_store.fact_parts import (
    RAW_BYTES_MAX,
    SPAN_KEY_BYTES,
    SPANS_MAX,
    Crowd,
    Entry,
    NewPart,
    PartKey,
    PartPacker,
    StoredPart,
    crowds,
    span_key,
)
from trace_store.fact_rows import FactRow
from trace_store.json_columns import json_text
from trace_store.queries import load
from trace_store.span_reads import fetch
from trace_store.stored import TraceKey, TreeRow

SQL = load("fact_parts")
SMALL_PARTS_MAX = 8  # of one day of a growing trace: with more they are merged

Connection = psycopg.AsyncConnection[Any]
_Living = dict[tuple[TraceKey, date], set[bytes]]  # what tells the stored span versions of a trace and day


async def put_facts(connection: Connection, rows: Sequence[FactRow]) -> list[NewPart]:
    """Adds the facts of span versions; of each the facts of the newest rules count, and of these the last ones.

    Returns the parts in which they lie.
    """
    entries: dict[PartKey, dict[bytes, Entry]] = defaultdict(dict)
    for row in rows:
        key = PartKey(*row.row.trace, row.row.bucket, row.mapping_version, row.detector_version)
        of_span = span_key(row.row)
        entries[key][of_span] = Entry(of_span, row.type, row.dialect, row.facts)
    packer = PartPacker()
    parts = [part for key, found in entries.items() for part in packer.pack(key, found.values())]
    await _insert(connection, parts)
    return parts


async def drop_facts(
    connection: Connection, traces: Collection[TraceKey], mapping_version: int, detector_version: int
) -> None:
    """Removes the facts of traces; those that newer rules made stay."""
    if traces:
        versions = {"mapping_version": mapping_version, "detector_version": detector_version}
        await connection.execute(SQL.delete_outdated, _traces(traces) | versions)


async def merge_growing(connection: Connection, parts: Iterable[StoredPart], rows: Iterable[TreeRow]) -> None:
    """Merges the parts of traces that have got many small ones; `parts` and `rows` are all that there are of them."""
    if not (found := crowds(parts, SMALL_PARTS_MAX)):
        return
    living: _Living = defaultdict(set)
    for tree_row in rows:
        living[tree_row.row.trace, tree_row.row.bucket].add(span_key(tree_row.row))
    await _merge(connection, found, living)


async def merge_settled(connection: Connection, traces: Collection[TraceKey]) -> None:
    """Merges the small parts of traces that have settled; no part is read of those that have only one."""
    if not traces:
        return
    limits = {"span_count": SPANS_MAX // 2, "raw_bytes": RAW_BYTES_MAX // 2}
    parts = [StoredPart(*row) for row in await fetch(connection, SQL.of_settled, _traces(traces) | limits)]
    if not (found := crowds(parts, 1)):
        return
    living: _Living = defaultdict(set)
    crowded = {crowd.small[0].key.trace for crowd in found}
    for *trace, bucket, keys in await fetch(connection, SQL.living, _traces(crowded)):
        living[TraceKey(*trace), bucket].update(
            keys[begin : begin + SPAN_KEY_BYTES] for begin in range(0, len(keys), SPAN_KEY_BYTES)
        )
    await _merge(connection, found, living)


async def _merge(connection: Connection, found: Iterable[Crowd], living: _Living) -> None:
    packer = PartPacker()
    gone: list[StoredPart] = []
    new: list[NewPart] = []
    for crowd in found:
        made = packer.merge(crowd, living[crowd.small[0].key.trace, crowd.small[0].bucket])
        if len(made) < len(crowd.small):
            gone += crowd.small
            new += made
    if gone:
        columns = zip(*((part.project_id, part.trace_id, part.part_id, part.bucket) for part in gone), strict=True)
        names = ("project_ids", "trace_ids", "part_ids", "buckets")
        await connection.execute(SQL.delete, {name: list(column) for name, column in zip(names, columns, strict=True)})
        await _insert(connection, new)


async def _insert(connection: Connection, parts: Sequence[NewPart]) -> None:
    if not parts:
        return
    rows = [
        (
            *part.key,
            *(part.span_count, part.raw_bytes, json_text(part.dialects)),
            json_text(part.user_ids) if part.user_ids else "",
            *(part.keys, part.body),
        )
        for part in parts
    ]
    await connection.execute(SQL.insert, [list(column) for column in zip(*rows, strict=True)])


def _traces(traces: Collection[TraceKey]) -> dict[str, Any]:
    return {"project_ids": [trace[0] for trace in traces], "trace_ids": [trace[1] for trace in traces]}
