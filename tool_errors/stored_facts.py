"""Judged facts as the store keeps them: without what the columns of the span say already, half of the JSON."""

from typing import Any

from tool_errors.judged import JudgedFacts, from_row, to_row
from trace_store.stored import SpanRow, TreeRow

SIGNALS_FOUND = "signals"  # key of what signals/matching.py found in its texts: [[signal id, side, excerpt], ...]
_NOWHERE = object()  # no value equals it


def facts_to_store(judged: JudgedFacts, row: SpanRow) -> dict[str, Any]:
    """The JSON of `to_row`, but for what the row of the span says in the same words."""
    told = _told_by_columns(row, judged.facts.type, judged.facts.dialect)
    return {key: value for key, value in to_row(judged).items() if told.get(key, _NOWHERE) != value}


def stored_facts(tree_row: TreeRow) -> JudgedFacts | None:
    """The judged facts of a span as stored, also as an older version stored them; None when no dialect claims it."""
    if tree_row.facts is None:
        return None
    return from_row(_told_by_columns(tree_row.row, tree_row.type, tree_row.dialect) | tree_row.facts)


def _told_by_columns(row: SpanRow, span_type: str | None, dialect: str | None) -> dict[str, Any]:
    return {
        "trace_id": row.trace_id.hex(),
        "span_id": row.span_id.hex(),
        "parent_span_id": row.parent_span_id.hex(),
        "start_unix_nano": row.start_unix_nano,
        "end_unix_nano": row.end_unix_nano,
        "name": row.name,
        "status_code": row.status_code,
        "version": [row.end_unix_nano, row.raw_length, row.digest.hex()],
        "type": span_type,
        "dialect": dialect,
    }
