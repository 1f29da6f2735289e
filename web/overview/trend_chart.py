"""Trends as bars: where each stands in an SVG that the server prints. Pure; lengths in units of the view box."""

from dataclasses import dataclass
from datetime import UTC, datetime

from trace_store.lists.issue_rows import Release, Trend

NANOSECONDS = 1_000_000_000
DAY_S = 86_400
SPARK_WIDTH, SPARK_HEIGHT = 96.0, 20.0
CHART_WIDTH, CHART_HEIGHT = 864.0, 156.0
LEFT, TOP, BOTTOM = 40.0, 26.0, 132.0  # the field of the chart
LABELS_MAX = 8
FLAG_CHARS_MAX = 14
FLAG_CHAR_WIDTH = 6.6


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of time that has events."""

    x: float
    y: float
    width: float
    height: float
    spoken: str  # when, and how many
    unix_nano: int  # when its step begins
    utc: str  # the same as `spoken` words it


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place of the axis."""

    at: float
    text: str
    unix_nano: int = 0  # the moment that the words name, where they name one


@dataclass(frozen=True, slots=True)
class Flag:
    """Where a release began."""

    x: float
    text_x: float
    width: float
    text: str
    name: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of an issue."""

    bars: tuple[Bar, ...]
    times: tuple[Label, ...]
    heights: tuple[Label, ...]  # of the grid
    flags: tuple[Flag, ...]
    step: str  # "hour" or "day"


def sparkline(trend: Trend) -> tuple[Bar, ...]:
    """The bars of a row: SPARK_WIDTH x SPARK_HEIGHT."""
    return _bars(trend, (0.0, SPARK_WIDTH), (0.0, SPARK_HEIGHT), max(trend.counts, default=0))


def spoken_trend(trend: Trend) -> str:
    """The trend as a sentence."""
    total = sum(trend.counts)
    if not total:
        return "No events"
    most = max(range(len(trend.counts)), key=lambda step: trend.counts[step])
    return f"{total:,} events, most of them at {_time(trend, most, '%d %b %H:%M')} UTC: {trend.counts[most]:,}"


def chart(trend: Trend, releases: tuple[Release, ...]) -> Chart:
    """The chart of a trend with the beginnings of releases; one too close to another keeps its line alone."""
    top = grid_top(max(trend.counts, default=0))
    step_width = (CHART_WIDTH - LEFT) / max(1, len(trend.counts))
    every = -(-len(trend.counts) // LABELS_MAX)
    style = "%d %b" if trend.step_s >= DAY_S else "%d %b %H:%M"
    times = [
        Label(LEFT + step * step_width, _time(trend, step, style), _begin(trend, step) * NANOSECONDS)
        for step in range(0, len(trend.counts), max(1, every))
    ]
    heights = [Label(BOTTOM - (BOTTOM - TOP) * part / 2, f"{top * part // 2:,}") for part in range(3)]
    bars = _bars(trend, (LEFT, CHART_WIDTH), (TOP, BOTTOM), top)
    length_ns = len(trend.counts) * trend.step_s * NANOSECONDS
    flags = release_flags(releases, trend.since_unix_nano, length_ns, CHART_WIDTH)
    return Chart(bars, tuple(times), tuple(heights), flags, _step_name(trend.step_s))


def release_flags(
    releases: tuple[Release, ...], since_unix_nano: int, length_ns: int, chart_width: float
) -> tuple[Flag, ...]:
    """Where releases began within a time; one too close to another keeps its line alone."""
    flags: list[Flag] = []
    free_from = 0.0
    for release in releases:
        x = LEFT + (chart_width - LEFT) * (release.first_seen_unix_nano - since_unix_nano) / length_ns
        name = release.name
        text = name if len(name) <= FLAG_CHARS_MAX else name[: FLAG_CHARS_MAX - 1] + "…"
        width = len(text) * FLAG_CHAR_WIDTH + 12
        left = min(x, chart_width - width)
        if left < free_from:
            text, width = "", 0.0
        else:
            free_from = left + width + 4
        flags.append(Flag(round(x, 1), round(left, 1), round(width, 1), text, name))
    return tuple(flags)


def _bars(trend: Trend, across: tuple[float, float], down: tuple[float, float], top: int) -> tuple[Bar, ...]:
    if not top:
        return ()
    step_width = (across[1] - across[0]) / len(trend.counts)
    width = max(1.0, step_width * 0.78)
    bars = []
    for step, count in enumerate(trend.counts):
        if count:
            height = max(1.5, (down[1] - down[0]) * count / top)
            when, x = f"{_time(trend, step, '%d %b %H:%M')} UTC", across[0] + step * step_width
            place = (round(x, 1), round(down[1] - height, 1), round(width, 1), round(height, 1))
            bars.append(Bar(*place, f"{when}: {count:,}", _begin(trend, step) * NANOSECONDS, when))
    return tuple(bars)


def grid_top(most: int) -> int:
    """The least even number of the form 2, 4, 10, 20, 40, 100, ... that is not below."""
    top = 2
    while top < most:
        top = top * 5 // 2 if str(top)[0] == "4" else top * 2
    return top


def _time(trend: Trend, step: int, style: str) -> str:
    return datetime.fromtimestamp(_begin(trend, step), UTC).strftime(style)


def _begin(trend: Trend, step: int) -> int:
    """Seconds since the epoch."""
    return trend.since_unix_nano // NANOSECONDS + step * trend.step_s


def _step_name(step_s: int) -> str:
    return {3600: "hour", DAY_S: "day"}.get(step_s, f"{step_s} s")
