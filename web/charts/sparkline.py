"""Trends within rows and tiles: so small that the server draws them as SVG. Pure; lengths in units of the view box."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from trace_store.lists.issue_rows import Trend

NANOSECONDS = 1_000_000_000
BARS_WIDTH, BARS_HEIGHT, BAR_HEIGHT_MIN = 96.0, 20.0, 1.5
LINE_WIDTH, LINE_TOP, LINE_GROUND = 120.0, 4.0, 25.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of time that has events."""

    x: float
    y: float
    width: float
    height: float


def sparkline(trend: Trend) -> tuple[Bar, ...]:
    """The bars of a row."""
    top = max(trend.counts, default=0)
    step_width = BARS_WIDTH / max(1, len(trend.counts))
    width = round(max(1.0, step_width * 0.78), 1)
    bars = []
    for step, count in enumerate(trend.counts):
        if count:
            height = max(BAR_HEIGHT_MIN, BARS_HEIGHT * count / top)
            bars.append(Bar(round(step * step_width, 1), round(BARS_HEIGHT - height, 1), width, round(height, 1)))
    return tuple(bars)


def spoken_trend(trend: Trend) -> str:
    """The trend as a sentence."""
    total = sum(trend.counts)
    if not total:
        return "No events"
    most = max(range(len(trend.counts)), key=lambda step: trend.counts[step])
    begin = datetime.fromtimestamp(trend.since_unix_nano // NANOSECONDS + most * trend.step_s, UTC)
    return f"{total:,} events, most of them at {begin:%d %b %H:%M} UTC: {trend.counts[most]:,}"


def spark_path(values: Sequence[float]) -> str:
    """A line over equal steps as an SVG path, the largest value on top; a level line for zeros alone."""
    top = max(values, default=0)
    width = LINE_WIDTH / max(1, len(values) - 1)
    points = [
        f"{number * width:.1f} {LINE_GROUND - (LINE_GROUND - LINE_TOP) * (value / top if top else 0):.1f}"
        for number, value in enumerate(values)
    ]
    return "M" + "L".join(points if len(points) > 1 else [*points, f"{LINE_WIDTH:.1f} {points[0].partition(' ')[2]}"])
