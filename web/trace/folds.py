"""Repeats of a trace that fold to one row: those of a loop, and calls of one tool in a row. Pure.

A fold is a run of whole siblings: the steps between two repeats (the model calls that asked) and below them go along,
a call of another tool does not.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tool_errors.findings import FAILED
from trace_store.derived_rows import LoopRow
from web.trace.loop_text import loop_why
from web.trace.trace_reading import TreeRecords
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree

RUN_MIN = 3  # calls of one tool in a row from which they fold
_STEPS_OF_THEIR_OWN = frozenset({"agent", "tool", "retriever", "embedding", "reranker", "guardrail"})


@dataclass(frozen=True, slots=True)
class Fold:
    """The rows from `first` to `last` of a tree, whole siblings below `parent`."""

    fold_id: str
    first: int
    last: int
    parent: int  # -1 at the top
    repeats: tuple[int, ...]  # rows
    first_span_id: str  # of the first repeat; "" when no span tells of it
    title: str  # "page_down ×10"
    note: str  # "same error"
    loop_id: str = ""  # "" for repeats that are no loop
    why: str = ""


def find_folds(records: TreeRecords, tree: TraceTree) -> list[Fold]:
    """All folds of a trace, outer ones before those inside them."""
    return tree.once("folds", lambda: _find_folds(records, tree))


def _find_folds(records: TreeRecords, tree: TraceTree) -> list[Fold]:
    repeats: dict[str, list[int]] = defaultdict(list)
    for row in tree.rows:
        if row.loop_id:
            repeats[row.loop_id].append(row.index)
    loops = [fold for loop in records.loops for fold in _folds_of_loop(loop, tree.rows, repeats[loop.loop_id])]
    taken = [(fold.first, fold.last, fold.parent) for fold in loops]
    runs = [fold for fold in _runs(tree.rows) if not any(_is_within(fold, one) for one in taken)]
    return list(_nested(sorted([*loops, *runs], key=lambda fold: (fold.first, -fold.last))))


def end_of(row: TreeStep) -> int:
    """The last row below a row, itself when there is none."""
    return row.index + row.descendant_count


def _is_within(fold: Fold, span: tuple[int, int, int]) -> bool:
    first, last, parent = span
    return fold.parent == parent and first <= fold.first and fold.last <= last


def _nested(folds: Sequence[Fold]) -> Iterator[Fold]:
    """Those that hold each other or stand apart; one that overlaps half of an earlier one stays unfolded."""
    ends: list[int] = []
    for fold in folds:
        while ends and ends[-1] < fold.first:
            ends.pop()
        if not ends or fold.last <= ends[-1]:
            ends.append(fold.last)
            yield fold


def _folds_of_loop(loop: LoopRow, rows: Sequence[TreeStep], repeats: list[int]) -> Iterator[Fold]:
    if len(repeats) < 2:
        return
    parent = rows[repeats[0]].parent_index
    while parent >= 0 and end_of(rows[parent]) < repeats[-1]:
        parent = rows[parent].parent_index
    runs = _runs_of_loop(loop.loop_id, rows, repeats, parent)
    for number, (first, last, found) in enumerate(runs):
        of_all = "" if len(found) == len(repeats) else f" of {len(loop.call_keys)}"
        yield Fold(
            fold_id=loop.loop_id if not number else f"{loop.loop_id}.{number}",
            first=first,
            last=last,
            parent=parent,
            repeats=found,
            first_span_id=rows[found[0]].span_id,
            title=f"{' → '.join(loop.tools)} ×{_rounds(loop, len(found))}{of_all}",
            note=_same([rows[at] for at in found]),
            loop_id=loop.loop_id,
            why=loop_why(loop),
        )


def _rounds(loop: LoopRow, calls: int) -> int:
    return loop.iterations if calls == len(loop.call_keys) else calls


def _runs_of_loop(
    loop_id: str, rows: Sequence[TreeStep], repeats: list[int], parent: int
) -> list[tuple[int, int, tuple[int, ...]]]:
    """First row, last row and repeats of each run of siblings without a step of their own among them."""
    runs: list[tuple[int, int, tuple[int, ...]]] = []
    begun: list[int] = []  # repeats of the run under way
    first = last = _child_above(rows, repeats[0], parent)
    at, left = first, list(reversed(repeats))
    while left and at < len(rows):
        end = end_of(rows[at])
        below = []
        while left and left[-1] <= end:
            below.append(left.pop())
        if below:
            first = at if not begun else first
            begun, last = begun + below, end
        elif any(row.type in _STEPS_OF_THEIR_OWN and row.loop_id != loop_id for row in rows[at : end + 1]):
            runs.append((first, last, tuple(begun)))
            begun = []
        at = end + 1
    runs.append((first, last, tuple(begun)))
    return [run for run in runs if len(run[2]) > 1]


def _child_above(rows: Sequence[TreeStep], index: int, parent: int) -> int:
    while rows[index].parent_index != parent:
        index = rows[index].parent_index
    return index


def _runs(rows: Sequence[TreeStep]) -> Iterator[Fold]:
    """Calls of one tool that follow each other below one step and went well, or failed alike."""
    open_runs: dict[int, list[int]] = {}  # by parent
    done: list[list[int]] = []
    for row in rows:
        run = open_runs.get(row.parent_index, [])
        if row.type == "tool" and run and _is_alike(rows[run[-1]], row):
            run.append(row.index)
            continue
        done.append(run)
        open_runs[row.parent_index] = [row.index] if row.type == "tool" else []
    done.extend(open_runs.values())
    for run in done:
        if len(run) >= RUN_MIN:
            found = [rows[at] for at in run]
            yield Fold(
                fold_id=f"r{run[0]}" if not found[0].span_id else found[0].span_id,
                first=run[0],
                last=end_of(found[-1]),
                parent=found[0].parent_index,
                repeats=tuple(run),
                first_span_id=found[0].span_id,
                title=f"{found[0].name} ×{len(run)}",
                note=_same(found),
            )


def _is_alike(before: TreeStep, row: TreeStep) -> bool:
    if before.name != row.name or before.status != row.status or end_of(before) + 1 != row.index:
        return False
    has_failure = bool(row.errors_below or row.soft_errors_below or before.errors_below or before.soft_errors_below)
    return not has_failure and (row.status not in FAILED or before.outcome == row.outcome)


def _same(rows: Sequence[TreeStep]) -> str:
    """What is equal about repeats: `same error`, `2 failed`, `different arguments`."""
    failed = [row for row in rows if row.status in FAILED]
    outcomes = {row.outcome for row in rows}
    if len(failed) == len(rows) and len(outcomes) == 1 and "" not in outcomes:
        return "same error"
    if failed:
        return f"{len(failed)} failed"
    if len({row.secondary for row in rows}) > 1:
        return "different arguments"
    return "same arguments, same result" if len(outcomes) == 1 else "same arguments"
