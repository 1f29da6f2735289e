"""The next step of a trace worth a look, from where the reader stands: a failure, a loop, a hit of the search. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from tool_errors.findings import FAILED
from web.trace.run_transcript import TURNS_WINDOW, told_rows
from web.trace.shown_rows import PART_ROWS, show_rows
from web.trace.step_search import find_hits
from web.trace.trace_reading import TreeRecords
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree

Wanted = Literal["failure", "error", "soft_error", "loop", "hit"]


@dataclass(frozen=True, slots=True)
class NextStep:
    """Where it stands."""

    span_id: str  # "" for a tool call without a span
    row_index: int  # in the tree; negative for a row that stands for repeats
    address: str  # that shows it
    has_turned: bool  # it stands before the place where the search began


def read_wanted(text: str) -> Wanted:
    """What a URL looks for; failures for what names nothing."""
    return cast(Wanted, text) if text in get_args(Wanted) else "failure"


def next_step(
    records: TreeRecords, tree: TraceTree, path: str, state: TraceViewState, wanted: Wanted, here: int | None
) -> NextStep | None:
    """The next such row behind row `here` (without it behind the selected step), round to the first one.

    A folded row counts once. The transcript and the graph fold nothing away that way: there each repeat counts.
    """
    rows, state, part = _rows(records, tree, state)
    if here is None:
        at = next((at for at, row in enumerate(rows) if state.selected and row.span_id == state.selected), -1)
    else:
        at = next((at for at, row in enumerate(rows) if row.index == here), -1)
    matches = _test(wanted, "" if at < 0 else rows[at].loop_id)
    order = [*range(at + 1, len(rows)), *range(at + 1)]
    found = next((position for position in order if matches(rows[position])), None)
    if found is None:
        return None
    row = rows[found]
    place = {"selected": row.span_id, "offset": -1} if row.span_id else {"offset": found - found % part}
    return NextStep(row.span_id, row.index, state.url(path, **place), found <= at)


def _rows(
    records: TreeRecords, tree: TraceTree, state: TraceViewState
) -> tuple[Sequence[TreeStep], TraceViewState, int]:
    """The rows of the view in their order, and how many a part of it has."""
    if state.view not in ("transcript", "graph"):
        shown = show_rows(records, tree, state)
        return shown.rows, shown.state, PART_ROWS
    hits = find_hits(tree.rows, state.find)
    rows = [row._replace(is_hit=True) if row.index in hits else row for row in tree.rows]
    if state.view == "transcript":
        return [rows[index] for index in told_rows(tree)], state, TURNS_WINDOW
    return [row for row in rows if row.span_id], state, PART_ROWS


def _test(wanted: Wanted, loop_here: str) -> Callable[[TreeStep], bool]:
    match wanted:
        case "failure":
            return lambda row: row.status in FAILED
        case "loop":
            return lambda row: bool(row.loop_id) and row.loop_id != loop_here
        case "hit":
            return lambda row: row.is_hit
        case _:
            return lambda row: row.status == wanted
