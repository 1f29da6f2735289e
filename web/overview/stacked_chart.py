"""Failures over time as stacked bars: where each part stands in an SVG that the server prints. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

from trace_store.lists.overview import NANOSECONDS, Failures, OverviewFigures
from web.overview.time_window import TimeWindow
from web.overview.trend_chart import Flag, Label, grid_top, release_flags

WIDTH, HEIGHT = 1320.0, 208.0
LEFT, TOP, BOTTOM = 40.0, 30.0, 184.0  # the field of the bars
LABELS_MAX = 9
LABEL_WIDTH = 80.0
DAY_S = 86_400
PARTS = (  # from the ground up: of Failures, class of the mark, words
    ("errors", "error", "errors"),
    ("in_loops", "loop", "in a loop"),
    ("soft_errors", "soft", "soft errors"),
    ("unanswered", "open", "unanswered"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One sort of failures of a step."""

    sort: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """One step that has failures; its link makes it the time of the page."""

    x: float
    width: float
    parts: tuple[Part, ...]
    spoken: str
    url: str
    unix_nano: int  # when it begins
    utc: str  # the same as `spoken` words it


@dataclass(frozen=True, slots=True)
class StackedChart:
    """The chart of the start page."""

    columns: tuple[Column, ...]
    times: tuple[Label, ...]
    heights: tuple[Label, ...]  # of the grid
    flags: tuple[Flag, ...]
    since_unix_nano: int  # of the field's left edge
    until_unix_nano: int
    spoken: str


def stacked_chart(figures: OverviewFigures, window: TimeWindow) -> StackedChart:
    """The chart of the failures of a time."""
    steps, origin = figures.failures_by_step, figures.window.origin_unix_nano
    step_ns = figures.window.step_s * NANOSECONDS
    top = grid_top(max((step.total for step in steps), default=0))
    width = (WIDTH - LEFT) / len(steps)
    columns = []
    for number, step in enumerate(steps):
        if step.total:
            begin = origin + number * step_ns
            # a step that sticks out of the time leads to no more than the time
            part = max(begin, window.since_unix_nano), min(begin + step_ns, window.until_unix_nano)
            x, url = LEFT + number * width, window.part_url("/", *part)
            when, place = _words(begin, figures.window.step_s), (round(x + width * 0.1, 1), round(width * 0.8, 1))
            spoken = f"{when}: {spoken_failures(step)}"
            columns.append(Column(*place, _parts(step, top), spoken, url, begin, when))
    every = -(-len(steps) // LABELS_MAX)
    times = [
        Label(round(LEFT + number * width, 1), _words(begin, figures.window.step_s), begin)
        for number in range(0, len(steps), every)
        for begin in [origin + number * step_ns]
        if number * width < WIDTH - LEFT - LABEL_WIDTH
    ]
    heights = [Label(BOTTOM - (BOTTOM - TOP) * part / 2, f"{top * part // 2:,}") for part in range(3)]
    flags = release_flags(figures.markers, origin, len(steps) * step_ns, WIDTH)
    end = origin + len(steps) * step_ns
    total = figures.failures
    spoken = f"{total.total:,} failed or unanswered tool calls: {spoken_failures(total)}" if total.total else "None"
    return StackedChart(tuple(columns), tuple(times), tuple(heights), flags, origin, end, spoken)


def spoken_failures(failures: Failures) -> str:
    """The counts in words: "3 errors, 1 unanswered"."""
    counts = [(getattr(failures, name), words) for name, _, words in PARTS]
    return ", ".join(f"{count:,} {words}" for count, words in counts if count) or "none"


def _parts(step: Failures, top: int) -> tuple[Part, ...]:
    parts, below = [], BOTTOM
    for name, sort, _ in PARTS:
        count = getattr(step, name)
        if count:
            height = (BOTTOM - TOP) * count / top
            below -= height
            parts.append(Part(sort, round(below, 1), round(max(1.0, height - 1), 1)))
    return tuple(parts)


def _words(unix_nano: int, step_s: int) -> str:
    style = "%d %b" if step_s >= DAY_S else "%d %b %H:%M"
    return datetime.fromtimestamp(unix_nano // NANOSECONDS, UTC).strftime(style)
