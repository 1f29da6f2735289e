"""The live tail: traces of a filter as they come and change, as rows for the page; each change is sent once."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from itertools import groupby

from trace_store.derived_rows import TraceRow
from trace_store.exceptions import RainbarrelError
from trace_store.lists.live_reads import LatestCall, read_latest_calls
from trace_store.lists.trace_filter import TraceFilter
from web.context import WebContext
from web.lists.list_view import list_row
from web.pages.view_models import TraceListRow
from web.templating import render
from web.trace.trace_view import trace_version

ROWS_MAX = 50  # the newest traces that a tail looks at, and all that it remembers


@dataclass(frozen=True, slots=True)
class TailRow:
    """A trace as it is now."""

    row: TraceListRow
    calls: tuple[LatestCall, ...]  # the newest first
    folded: tuple[tuple[LatestCall, int], ...]  # the same, with how many of one name and outcome follow one another
    version: str


async def read_tail(context: WebContext, wanted: TraceFilter, known: dict[bytes, str] | None = None) -> list[TailRow]:
    """The newest 50 traces that pass, the newest first; with `known` only those whose version is another there."""
    rows, _ = await context.reader.list_traces(wanted, limit=ROWS_MAX)
    changed = [row for row in rows if known is None or known.get(row.trace_id) != trace_version(row)]
    if known is not None:
        known.clear()
        known |= {row.trace_id: trace_version(row) for row in rows}
    return await _with_calls(context, changed) if changed else []


async def tail_events(context: WebContext, wanted: TraceFilter) -> AsyncIterator[bytes]:
    """Server-sent events `rows`, each with the HTML of the rows that came or changed."""
    known: dict[bytes, str] = {}
    async for said in context.watcher.events(context.project_id):
        if said.startswith(b":"):
            yield said
            continue
        try:
            changed = await read_tail(context, wanted, known)
        except RainbarrelError:
            continue  # the database is away: the next change tells what was missed
        if changed:
            yield _event(render("_live_rows.html", rows=changed))


async def _with_calls(context: WebContext, rows: list[TraceRow]) -> list[TailRow]:
    async with context.reader.freely_planned() as connection:
        calls = await read_latest_calls(connection, context.project_id, [row.trace_id for row in rows])
    return [_tail_row(row, calls.get(row.trace_id, ())) for row in rows]


def _tail_row(row: TraceRow, calls: Iterable[LatestCall]) -> TailRow:
    newest = tuple(calls)
    runs = [tuple(run) for _, run in groupby(newest, key=lambda call: (call.name, call.status))]
    return TailRow(list_row(row), newest, tuple((run[0], len(run)) for run in runs), trace_version(row))


def _event(html: str) -> bytes:
    lines = "\n".join(f"data: {line}" for line in html.splitlines() if line.strip())
    return f"event: rows\n{lines}\n\n".encode()
