"""Where each step of a trace lies on the waterfall's axis, by time or by the output tokens of its model calls. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from web.filters import compact, duration
from web.pages.trace_views import Measure
from web.pages.view_models import TimeTick
from web.trace.time_axis import WIDTH_PERCENT_MIN, round_step
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree

TICKS_MAX = 7


class Extents(NamedTuple):
    """`spans[i]` is the begin and the end of row i, from 0 to `length`."""

    measure: Measure
    spans: Sequence[tuple[int, int]]
    length: int


class Window(NamedTuple):
    """The part of an axis that is shown."""

    measure: Measure
    begin: int
    end: int

    def bar(self, span: tuple[int, int]) -> tuple[float, float]:
        """Left edge and width in percent of the window; (0, 0) outside of it."""
        length = self.end - self.begin
        begin, end = max(span[0], self.begin), min(span[1], self.end)
        if begin > end or not self.touches(span):
            return 0.0, 0.0
        if not length:
            return 0.0, 100.0
        width = max(100 * (end - begin) / length, WIDTH_PERCENT_MIN)
        left = 100 * (begin - self.begin) / length
        return round(min(left, 100.0 - width), 3), round(width, 3)

    def touches(self, span: tuple[int, int]) -> bool:
        """Whether something of it lies in the window."""
        return span[0] <= self.end and span[1] >= self.begin

    def ticks(self) -> tuple[TimeTick, ...]:
        """Round values, at most TICKS_MAX."""
        length = self.end - self.begin
        if length <= 0:
            return (TimeTick(0.0, "0"),)
        step = round_step(length / TICKS_MAX)
        first = -(-self.begin // step) * step
        say = duration if self.measure == "duration" else compact
        marks = range(first, self.end, step)
        return tuple(TimeTick(round(100 * (at - self.begin) / length, 3), say(at) if at else "0") for at in marks)


def extents_of(tree: TraceTree, measure: Measure) -> Extents:
    """Of all rows; by tokens each model call stands behind those that began before it, as long as what it wrote."""
    return tree.once(f"extents by {measure}", lambda: _by_tokens(tree.rows) if measure == "tokens" else _by_time(tree))


def _by_time(tree: TraceTree) -> Extents:
    start, length = tree.axis
    spans: list[tuple[int, int]] = []
    for row in tree.rows:
        if not row.start_unix_nano:
            spans.append(spans[row.parent_index] if row.parent_index >= 0 else (0, 0))
            continue
        begin = row.start_unix_nano - start  # the axis holds all that has a start
        end = row.end_unix_nano - start if row.end_unix_nano else length
        spans.append((begin, end if end > begin else begin))
    return Extents("duration", spans, length)


def _by_tokens(rows: Sequence[TreeStep]) -> Extents:
    calls = sorted((row.start_unix_nano, row.index) for row in rows if row.own_output_tokens)
    found: list[tuple[int, int] | None] = [None] * len(rows)
    total, starts, sums = 0, [], [0]
    for start, index in calls:
        found[index] = (total, total + rows[index].own_output_tokens)
        total += rows[index].own_output_tokens
        starts.append(start)
        sums.append(total)
    for row in reversed(rows):
        own = found[row.index]
        if own is None:
            at = sums[bisect_right(starts, row.start_unix_nano)]
            found[row.index] = own = (at, at)
        if row.parent_index >= 0 and own[1] > own[0]:
            above = found[row.parent_index]
            found[row.parent_index] = own if above is None else (min(above[0], own[0]), max(above[1], own[1]))
    return Extents("tokens", [span or (0, 0) for span in found], total)
