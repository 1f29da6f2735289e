"""How long the calls of a tool took over time: a table of steps of time by ranges of duration. Pure.

Ranges are those of half a decade, as latencies spread over orders of magnitude; the outer ones are open. Cells have
five shades by the square root of their share of the fullest one, so that a few slow calls can be seen beside thousands.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, sqrt
from typing import Any

from trace_store.lists.trace_filter import Term
from web.charts.time_chart import NANOSECONDS, step_words
from web.filters import number, utc
from web.query_bar.language import query_text
from web.query_bar.vocabulary import CALLS

MINUTE_NS, HOUR_NS, DAY_NS = 60_000_000_000, 3_600_000_000_000, 86_400_000_000_000
STEPS_NS = (
    *(minutes * MINUTE_NS for minutes in (1, 2, 5, 10, 15)),
    *(hours * HOUR_NS for hours in (1, 2, 3, 6, 12)),
    *(days * DAY_NS for days in (1, 2, 7, 14, 28, 91, 364)),
)
ROWS_READ_UP_TO_NS = 3 * HOUR_NS  # of a longer time steps are whole hours, which are counted ahead
COLUMNS_MAX = 32
LABELS_MAX = 8
SHADES = 5
CallsUrl = Callable[[int, int, str], str]  # of the calls between two moments that a query asks for
BOUNDS_NS = tuple(size * 10**power for power in range(6, 12) for size in (1, 3))  # 1 ms, 3 ms, 10 ms ... 300 s


@dataclass(frozen=True, slots=True)
class Steps:
    """Equal parts of a time, beginning at whole multiples of their length."""

    origin_unix_nano: int
    step_ns: int
    count: int


@dataclass(frozen=True, slots=True)
class HeatmapColumn:
    """One step of time."""

    unix_nano: int
    text: str  # in UTC
    has_label: bool


@dataclass(frozen=True, slots=True)
class HeatmapCell:
    """The calls of one step whose duration lies in one range."""

    calls: int
    shade: int  # 0 for none, up to SHADES
    spoken: str  # "" for none, as the next
    url: str  # these calls


@dataclass(frozen=True, slots=True)
class HeatmapRow:
    """One range of durations."""

    text: str
    cells: tuple[HeatmapCell, ...]
    calls: int


@dataclass(frozen=True, slots=True)
class Heatmap:
    """The table, the longest durations first."""

    columns: tuple[HeatmapColumn, ...]
    rows: tuple[HeatmapRow, ...]
    calls: int
    step: str  # "hour", "6 hours"
    spoken: str


def steps_of(since_unix_nano: int, until_unix_nano: int) -> Steps:
    """The shortest steps of which COLUMNS_MAX hold the time."""
    length = until_unix_nano - since_unix_nano
    known = [step for step in STEPS_NS if step >= HOUR_NS or length <= ROWS_READ_UP_TO_NS]
    for step_ns in known:
        first, last = since_unix_nano // step_ns, (until_unix_nano - 1) // step_ns
        if last - first < COLUMNS_MAX:
            return Steps(first * step_ns, step_ns, last - first + 1)
    step_ns = -(-length // (COLUMNS_MAX - 1) // DAY_NS) * DAY_NS
    first, last = since_unix_nano // step_ns, (until_unix_nano - 1) // step_ns
    return Steps(first * step_ns, step_ns, last - first + 1)


def counts_of(durations: Mapping[int, Sequence[Sequence[int]]], steps: Steps) -> list[list[int]]:
    """By step the calls below each bound, and above the last; `durations` are sorted runs of nanoseconds by step."""
    counts = [[0] * (len(BOUNDS_NS) + 1) for _ in range(steps.count)]
    for step, runs in durations.items():
        for run in runs:
            below = 0
            for place, bound in enumerate(BOUNDS_NS):
                at = bisect_left(run, bound)
                counts[step][place] += at - below
                below = at
            counts[step][-1] += len(run) - below
    return counts


def heatmap(counts: Sequence[Sequence[int]], steps: Steps, calls_url: CallsUrl) -> Heatmap | None:
    """The table, each cell with the list of its calls; None where no call has a duration."""
    calls = [sum(of_step[place] for of_step in counts) for place in range(len(BOUNDS_NS) + 1)]
    used = [place for place, count in enumerate(calls) if count]
    if not used:
        return None
    columns = _columns(steps)
    most = max(max(of_step) for of_step in counts)
    places = range(used[-1], used[0] - 1, -1)
    rows = tuple(
        HeatmapRow(
            _range(place),
            tuple(
                _cell(of_step[place], most, place, column.unix_nano, steps.step_ns, calls_url)
                for of_step, column in zip(counts, columns, strict=True)
            ),
            calls[place],
        )
        for place in places
    )
    step = step_words(steps.step_ns // NANOSECONDS)
    return Heatmap(columns, rows, sum(calls), step, _spoken(counts, columns, sum(calls), most))


def heatmap_json(counts: Sequence[Sequence[int]], steps: Steps) -> dict[str, Any]:
    """`{"since_unix_nano", "step_s", "bounds_ns", "counts"}`; `counts` has a list per step, its last the rest."""
    return {
        "since_unix_nano": str(steps.origin_unix_nano),
        "step_s": steps.step_ns // NANOSECONDS,
        "bounds_ns": list(BOUNDS_NS),
        "counts": [list(of_step) for of_step in counts],
    }


def _columns(steps: Steps) -> tuple[HeatmapColumn, ...]:
    every = -(-steps.count // LABELS_MAX)
    style = "%d %b" if steps.step_ns >= DAY_NS else "%d %b %H:%M"
    starts = [steps.origin_unix_nano + number * steps.step_ns for number in range(steps.count)]
    # a label is wider than its column: none may stand where it would run into the sums
    last = steps.count - 3 if steps.count > LABELS_MAX else steps.count
    return tuple(
        HeatmapColumn(
            start, datetime.fromtimestamp(start // 10**9, UTC).strftime(style), place <= last and not place % every
        )
        for place, start in enumerate(starts)
    )


def _cell(calls: int, most: int, place: int, begin: int, step_ns: int, calls_url: CallsUrl) -> HeatmapCell:
    if not calls:
        return HeatmapCell(0, 0, "", "")
    told = f"{number(calls)} {'call' if calls == 1 else 'calls'} of {_range(place)}, {utc(begin)[:16]}Z"
    url = calls_url(begin, begin + step_ns, _query(place))
    return HeatmapCell(calls, ceil(SHADES * sqrt(calls / most)), told, url)


def _query(place: int) -> str:
    """The calls of a range; one that ended before it began, as its clock says, is in none."""
    terms = [Term("duration", operator=">=", number=BOUNDS_NS[place - 1] if place else 0)]
    if place < len(BOUNDS_NS):
        terms.append(Term("duration", operator="<", number=BOUNDS_NS[place]))
    return query_text(tuple(terms), CALLS)


def _range(place: int) -> str:
    if not place:
        return f"under {_bound(BOUNDS_NS[0])}"
    if place == len(BOUNDS_NS):
        return f"{_bound(BOUNDS_NS[-1])} and more"
    return f"{_bound(BOUNDS_NS[place - 1])} to {_bound(BOUNDS_NS[place])}"


def _bound(nanoseconds: int) -> str:
    return f"{nanoseconds // 10**9} s" if nanoseconds >= 10**9 else f"{nanoseconds // 10**6} ms"


def _spoken(counts: Sequence[Sequence[int]], columns: Sequence[HeatmapColumn], calls: int, most: int) -> str:
    """The whole in a sentence."""
    step, place = next(
        (step, place) for step, of_step in enumerate(counts) for place, count in enumerate(of_step) if count == most
    )
    return f"{number(calls)} calls; most of one cell: {number(most)} of {_range(place)}, {columns[step].text} UTC"
