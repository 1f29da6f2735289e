"""The facts of spans that count, read from their parts: a row for each stored span version that a dialect claims."""

from typing import Any

import psycopg
from psycopg.rows import class_row

from trace_store.fact_parts import StoredPart, newest_entries

PARTS = f"SELECT {', '.join(StoredPart._fields)} FROM rainbarrel.fact_parts"
LIVING = "SELECT bucket, trace_id, span_id || substr(digest, 1, 8) FROM rainbarrel.spans"


def facts_stored(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """By trace and span, however they are packed."""
    with connection.cursor(row_factory=class_row(StoredPart)) as cursor:
        parts = cursor.execute(PARTS.encode()).fetchall()
    living = {tuple(row) for row in connection.execute(LIVING.encode()).fetchall()}
    found = [
        {"trace_id": trace.trace_id.hex(), "span": entry.span_key.hex(), "type": entry.type, "dialect": entry.dialect}
        | {"facts": entry.facts}
        for (trace, bucket), entries in newest_entries(parts).items()
        for entry in entries.values()
        if (bucket, trace.trace_id, entry.span_key) in living
    ]
    return sorted(found, key=lambda row: (row["trace_id"], row["span"]))
