"""Judged facts as the store keeps them: without what the columns of the span say already, half of the JSON."""

from typing import Any

from tool_errors.judged import JudgedFacts, from_row, to_row
from trace_store.stored import SpanRow, TreeRow

SIGNALS_FOUND = "signals"  # key of what signals/matching.py found in its texts: [[signal id, side, excerpt], ...]
_NOWHERE = object()  # no value equals it


def facts_to_store(judged: JudgedFacts, row: SpanRow) -> dict[str, Any]:
    """The JSON of `to_row`, but for what the row of the span says in the same words."""
    written = to_row(judged)
    told = {name: value.hex() if isinstance(value, bytes) else value for name, value in _told_by_columns(row).items()}
    told["version"] = [row.end_unix_nano, row.raw_length, row.digest.hex()]
    told["type"], told["dialect"] = judged.facts.type, judged.facts.dialect
    for key, value in told.items():
        if written.get(key, _NOWHERE) == value:
            del written[key]
    return written


def stored_facts(tree_row: TreeRow) -> JudgedFacts | None:
    """The judged facts of a span as stored, also as an older version stored them; None when no dialect claims it."""
    if tree_row.facts is None:
        return None
    told = _told_by_columns(tree_row.row)
    told["type"], told["dialect"] = tree_row.type, tree_row.dialect
    return from_row(tree_row.facts, told, tree_row.row.version)


def _told_by_columns(row: SpanRow) -> dict[str, Any]:
    return {
        "trace_id": row.trace_id,
        "span_id": row.span_id,
        "parent_span_id": row.parent_span_id,
        "start_unix_nano": row.start_unix_nano,
        "end_unix_nano": row.end_unix_nano,
        "name": row.name,
        "status_code": row.status_code,
    }
