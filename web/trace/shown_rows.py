"""The rows that a view of a trace shows: repeats folded, filtered, and cut into parts. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from tool_errors.findings import FAILED
from web.pages.trace_views import BarSegment, FoldView
from web.pages.view_models import RowStatus, TreePage, TreeRow
from web.trace.folds import Fold, find_folds
from web.trace.minimap import build_minimap
from web.trace.span_extents import Extents, Window, extents_of
from web.trace.step_search import find_hits
from web.trace.trace_reading import TreeRecords
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_step import TreeStep, row_of
from web.trace.tree_view import TraceTree

PART_ROWS = 250
SEGMENTS_MAX = 100  # repeats that the bar of a folded row draws
_ANY_SPAN = "0" * 16  # stands for the id of a span
_FOLD_INDEX = -2  # rows that stand for folds count down from here


@dataclass(frozen=True, slots=True)
class ShownRows:
    """All rows of a view, before they are cut into parts."""

    rows: list[TreeStep]
    tree_rows: Sequence[TreeStep]  # of the whole tree, without folds
    folds: dict[int, Fold]  # by the index of the row that stands for one
    state: TraceViewState  # a filter that would hide the selected step is taken out of it
    folded_count: int
    filtered_count: int
    hit_count: int
    extents: Extents
    window: Window


def show_rows(records: TreeRecords, tree: TraceTree, state: TraceViewState) -> ShownRows:
    """The rows that the state asks for. The selected step is always among them, if the trace has it."""
    folds = find_folds(records, tree)
    selected = tree.index_of(state.selected)
    if selected >= 0:
        opened = {fold.fold_id for fold in folds if fold.first <= selected <= fold.last and selected != fold.repeats[0]}
        state = replace(state, unfolded=state.unfolded | opened)
    extents = extents_of(tree, state.measure)
    window = _window(extents, state)
    hits = find_hits(tree.rows, state.find)
    kept = _kept(tree.rows, state, extents, window)
    if kept is not None and selected >= 0 and not kept[selected]:
        state, kept = replace(state, only="", begin=0, end=0), None
        window = _window(extents, state)
    made = _Folding(tree.rows, folds, state.unfolded, kept, hits)
    rows = list(made.rows())
    filtered = 0 if kept is None else sum(not is_kept for is_kept in kept)
    return ShownRows(rows, tree.rows, made.folds_shown, state, made.folded_count, filtered, len(hits), extents, window)


def tree_page(records: TreeRecords, tree: TraceTree, path: str, wanted: TraceViewState) -> TreePage:
    """A part of these rows: from `offset` on; with offset -1 the part in which the selected step stands."""
    shown = show_rows(records, tree, wanted)
    state, rows = shown.state, shown.rows
    offset = state.offset
    if offset < 0:
        at = position_of(rows, state.selected)
        offset = at - at % PART_ROWS
    offset = min(offset, max(0, len(rows) - 1))
    end = offset + PART_ROWS
    has_bars = state.view == "waterfall"
    known = [fold.fold_id for fold in shown.folds.values()]
    state = replace(state, unfolded=state.unfolded & frozenset(known))
    url = _urls(state, path)
    return TreePage(
        rows=tuple(_drawn(row, shown, state, path, url) for row in islice(rows, offset, end)),
        offset=offset,
        row_count=len(rows),
        span_count=tree.span_count,
        ticks=shown.window.ticks() if has_bars else (),
        selected=state.selected,
        before_url=state.url(path, offset=max(0, offset - PART_ROWS)) if offset else None,
        after_url=state.url(path, offset=end) if end < len(rows) else None,
        missing_parent_count=tree.missing_parent_count,
        skewed_count=tree.skewed_count,
        state=state,
        address=state.url(path),
        total_count=len(tree.rows),
        folded_count=shown.folded_count,
        filtered_count=shown.filtered_count,
        hit_count=shown.hit_count,
        measure=state.measure,
        minimap=build_minimap(tree, records, shown.extents, shown.window, state, path) if has_bars else None,
    )


def position_of(rows: Sequence[TreeStep], span_id: str) -> int:
    """Where a span stands among shown rows; 0 where it does not."""
    return next((at for at, row in enumerate(rows) if span_id and row.span_id == span_id), 0)


def _window(extents: Extents, state: TraceViewState) -> Window:
    """What the waterfall shows; the whole axis where the state names no part of it."""
    end = min(state.end, extents.length)
    if state.view != "waterfall" or end <= state.begin:
        return Window(extents.measure, 0, extents.length)
    return Window(extents.measure, state.begin, end)


def _kept(rows: Sequence[TreeStep], state: TraceViewState, extents: Extents, window: Window) -> Sequence[bool] | None:
    """Which rows a filter leaves, with all rows above them; None where it leaves all."""
    tests: list[Callable[[TreeStep], bool]] = []
    if state.view not in ("tree", "waterfall"):
        return None
    if state.only == "errors":
        tests.append(lambda row: row.status in FAILED)
    if state.only == "tools":
        tests.append(lambda row: row.type == "tool")
    if (window.begin, window.end) != (0, extents.length):
        tests.append(lambda row: window.touches(extents.spans[row.index]))
    if not tests:
        return None
    kept = [all(test(row) for test in tests) for row in rows]
    for row in reversed(rows):
        if kept[row.index] and row.parent_index >= 0:
            kept[row.parent_index] = True
    return kept


class _Folding:
    """Walks the tree and lets one row stand for each fold."""

    def __init__(
        self,
        rows: Sequence[TreeStep],
        folds: Sequence[Fold],
        unfolded: frozenset[str],
        kept: Sequence[bool] | None,
        hits: frozenset[int],
    ) -> None:
        self._rows, self._folds, self._unfolded, self._kept, self._hits = rows, folds, unfolded, kept, hits
        self.folds_shown: dict[int, Fold] = {}
        self.folded_count = 0

    def rows(self) -> Iterator[TreeStep]:
        waiting = list(reversed(self._folds))
        opened: list[tuple[Fold, int]] = []  # with the index of its row
        at = 0
        while at < len(self._rows):
            while opened and opened[-1][0].last < at:
                opened.pop()
            fold = waiting[-1] if waiting and waiting[-1].first == at else None
            if fold is None:
                row = self._rows[at]
                at += 1
                if self._kept is None or self._kept[row.index]:
                    yield self._moved(row, opened)
                continue
            waiting.pop()
            if self._kept is not None and not any(self._kept[index] for index in fold.repeats):
                continue
            index = _FOLD_INDEX - len(self.folds_shown)
            self.folds_shown[index] = fold
            is_folded = fold.fold_id not in self._unfolded
            yield self._head(fold, index, is_folded, opened)
            if is_folded:
                self.folded_count += fold.last - fold.first + 1
                at = fold.last + 1
                while waiting and waiting[-1].first <= fold.last:
                    waiting.pop()
            else:
                opened.append((fold, index))

    def _moved(self, row: TreeStep, opened: Sequence[tuple[Fold, int]]) -> TreeStep:
        """A row below the rows of the folds that are open round it."""
        is_hit = row.index in self._hits
        if not opened:
            return row._replace(is_hit=True) if is_hit else row
        fold, index = opened[-1]
        parent = index if row.parent_index == fold.parent else row.parent_index
        return row._replace(depth=row.depth + len(opened), parent_index=parent, is_hit=is_hit)

    def _head(self, fold: Fold, index: int, is_folded: bool, opened: Sequence[tuple[Fold, int]]) -> TreeStep:
        inside = self._rows[fold.first : fold.last + 1]
        first = self._rows[fold.repeats[0]]
        ends = [row.end_unix_nano for row in inside if row.start_unix_nano]
        starts = [row.start_unix_nano for row in inside if row.start_unix_nano]
        start, end = min(starts, default=0), 0 if 0 in ends else max(ends, default=0)
        head = first._replace(
            index=index,
            parent_index=fold.parent,
            depth=self._rows[fold.first].depth,
            span_id=fold.first_span_id if is_folded else "",
            name=fold.title,
            status=_worst(inside) if is_folded else "",
            child_count=len(fold.repeats),
            descendant_count=len(inside),
            errors_below=sum(row.status == "error" for row in inside),
            soft_errors_below=sum(row.status == "soft_error" for row in inside),
            recovered=False,
            loop_id=fold.loop_id if is_folded else "",
            loop_place="",
            is_running=any(row.is_running for row in inside),
            skew_ns=0,
            start_unix_nano=start,
            end_unix_nano=end,
            output_tokens=sum(row.own_output_tokens for row in inside),
        )
        moved = self._moved(head, opened)
        is_hit = is_folded and any(row.index in self._hits for row in inside)
        return moved._replace(is_hit=is_hit) if is_hit else moved


def _worst(rows: Sequence[TreeStep]) -> RowStatus:
    found = {row.status for row in rows}
    return "error" if "error" in found else "soft_error" if "soft_error" in found else ""


def _urls(state: TraceViewState, path: str) -> Callable[[str], str]:
    """The address of this state with a step selected, by the hex id of its span; made once for all rows of a part."""
    before, _, after = state.url(path, selected=_ANY_SPAN, offset=-1).partition(_ANY_SPAN)
    return lambda span_id: f"{before}{span_id}{after}" if span_id else ""


def _drawn(row: TreeStep, shown: ShownRows, state: TraceViewState, path: str, url: Callable[[str], str]) -> TreeRow:
    """A row with its address and its bar."""
    fold = shown.folds.get(row.index)
    spans = shown.extents.spans
    if fold is None:
        return row_of(row, url(row.span_id), shown.window.bar(spans[row.index]))
    inside = spans[fold.first : fold.last + 1]
    bar = shown.window.bar((min(one[0] for one in inside), max(one[1] for one in inside)))
    view = _fold_view(fold, shown, state, path)
    return row_of(row, url(row.span_id) or view.toggle_url, bar, view)


def _fold_view(fold: Fold, shown: ShownRows, state: TraceViewState, path: str) -> FoldView:
    drawn = [(index, shown.window.bar(shown.extents.spans[index])) for index in fold.repeats[:SEGMENTS_MAX]]
    return FoldView(
        fold_id=fold.fold_id,
        note=fold.note,
        why=fold.why,
        is_loop=bool(fold.loop_id),
        is_folded=fold.fold_id not in state.unfolded,
        repeat_count=len(fold.repeats),
        between_count=fold.last - fold.first + 1 - len(fold.repeats),
        toggle_url=_toggle_url(fold, shown, state, path),
        segments=tuple(BarSegment(*bar, shown.tree_rows[index].status) for index, bar in drawn if bar[1]),
    )


def _toggle_url(fold: Fold, shown: ShownRows, state: TraceViewState, path: str) -> str:
    """Unfolds, or folds: then a selected step inside gives way to the first repeat, which the folded row shows."""
    if fold.fold_id not in state.unfolded:
        return state.url(path, unfolded=state.unfolded | {fold.fold_id}, offset=-1)
    is_inside = any(row.span_id == state.selected for row in shown.tree_rows[fold.first : fold.last + 1])
    selected = fold.first_span_id if state.selected and is_inside else state.selected
    return state.url(path, unfolded=state.unfolded - {fold.fold_id}, selected=selected, offset=-1)
