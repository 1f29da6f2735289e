"""Reads a trace of any length as the outline of a page needs it: parentage, times, names and types of its spans.

A trace of 20,000 spans is read in tens of milliseconds: its rows come as columns, not one by one, and of the packed
facts only the type is looked at, until somebody asks for those of a span.
"""

from itertools import repeat
from typing import Any, NamedTuple

from trace_store.fact_parts import StoredPart, facts_of_line, newest_lines, span_key, type_of_line
from trace_store.span_reads import PART_SQL, SQL, Connection, fetch
from trace_store.stored import SpanRow, TraceKey, newest


class OutlineRow:
    """A span: what a TreeRow says of it, but its facts are unpacked only when somebody asks for them."""

    __slots__ = ("_facts", "_line", "release", "row", "service_name", "type")

    def __init__(self, row: SpanRow, line: bytes | None, service_name: str, release: str) -> None:
        """`line` is one of `newest_lines`; None where no dialect claims the span, or no facts are there yet."""
        self.row = row
        self.type = None if line is None else type_of_line(line)
        self.service_name = service_name
        self.release = release
        self._line = line
        self._facts: dict[str, Any] | None = None

    @property
    def facts(self) -> dict[str, Any] | None:
        """JSON of a FactRow."""
        if self._facts is None and self._line is not None:
            self._facts = facts_of_line(self._line)
        return self._facts

    def may_tell(self, key: str) -> bool:
        """Whether its facts can have this key; False is certain, and found without unpacking them."""
        return self._line is not None and b'"%b":' % key.encode() in self._line


class ModelCallOutline(NamedTuple):
    """An LLM call; fields as those of LlmCallRow."""

    span_id: bytes
    output_tokens: int | None
    told_in: bytes | None


async def read_model_calls(connection: Connection, trace: TraceKey) -> list[ModelCallOutline]:
    """The LLM calls of a trace."""
    return [ModelCallOutline(*row) for row in await fetch(connection, SQL.model_calls, trace._asdict())]


async def read_outline(connection: Connection, trace: TraceKey) -> list[OutlineRow]:
    """The winning version of every span of a trace, by start; no blob is opened."""
    parameters = trace._asdict()
    columns = await fetch(connection, SQL.outline_columns, parameters)
    parts = await fetch(connection, PART_SQL.of_traces, {name + "s": [value] for name, value in parameters.items()})
    lines = newest_lines(StoredPart(*part) for part in parts)
    found: list[OutlineRow] = []
    for bucket, service_name, release, *values in columns:
        span_ids, parents, starts, ends, *rest = values
        same = (repeat(trace.project_id), repeat(trace.trace_id))
        rows = map(SpanRow._make, zip(*same, span_ids, parents, starts, ends, repeat(bucket), *rest))
        of_day = lines.get(bucket, {})
        found += [OutlineRow(row, of_day.get(span_key(row)), service_name, release) for row in rows]
    return _winners(found)


def _winners(rows: list[OutlineRow]) -> list[OutlineRow]:
    winners = newest(row.row for row in rows)
    if len(winners) < len(rows):
        rows = [row for row in rows if winners[row.row.span_id] == row.row]
    return sorted(rows, key=lambda row: (row.row.start_unix_nano, row.row.span_id))
