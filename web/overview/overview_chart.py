"""The chart of the start page: failures over time, or one of the figures of its tiles. Pure."""

from trace_store.lists.overview import NANOSECONDS, Failures, OverviewFigures
from web.charts.time_chart import Series, TimeChart, Unit
from web.overview.time_window import TimeWindow
from web.requests.errors import check_known

PARTS = (  # from the ground up: of Failures, class of the mark, words
    ("errors", "error", "errors"),
    ("in_loops", "loop", "in a loop"),
    ("soft_errors", "soft", "soft errors"),
    ("unanswered", "open", "unanswered"),
)
FAILURES = "failures"
CHARTS = {  # `chart=` in the URL, and its title
    FAILURES: "Tool failures",
    "interactions": "Interactions",
    "tool_calls": "Tool calls",
    "tokens": "Tokens",
    "cost": "Cost",
    "p95": "p95 duration",
}


def read_chart_name(given: str) -> str:
    """Which chart is asked for; BadRequest for one that is not there."""
    name = given or FAILURES
    check_known("chart", name, CHARTS)
    return name


def overview_chart(figures: OverviewFigures, window: TimeWindow, name: str) -> TimeChart:
    """A chart of CHARTS; a bar leads to its own time."""
    changed = {"chart": "" if name == FAILURES else name}

    def step_url(begin_unix_nano: int, end_unix_nano: int) -> str:
        # a step that sticks out of the time leads to no more than the time
        begin, end = max(begin_unix_nano, window.since_unix_nano), min(end_unix_nano, window.until_unix_nano)
        return window.part_url("/", begin, end, changed)

    series, unit = _series(figures, name)
    return TimeChart(
        since_unix_nano=figures.window.origin_unix_nano,
        step_ns=figures.window.step_s * NANOSECONDS,
        series=series,
        spoken=_spoken(figures.failures) if name == FAILURES else f"{CHARTS[name]} over time",
        unit=unit,
        releases=figures.markers,
        step_url=step_url,
        range_url=window.url("/", {"range": "", "since": "", "until": ""} | changed),
    )


def _series(figures: OverviewFigures, name: str) -> tuple[tuple[Series, ...], Unit]:
    steps = figures.traces_by_step
    if name == "interactions":
        return (Series("interactions", "quiet", figures.interactions_by_step),), "count"
    if name == "tool_calls":
        return (Series("tool calls", "quiet", tuple(step.tool_calls for step in steps)),), "count"
    if name == "tokens":
        return (Series("tokens", "quiet", tuple(step.tokens for step in steps)),), "count"
    if name == "cost":
        costs = (step.cost_nano_usd for step in steps)
        return (Series("cost", "quiet", tuple(None if cost is None else cost / 1e9 for cost in costs)),), "usd"
    if name == "p95":
        durations = (step.p95_ns for step in steps)
        return (Series("p95 duration", "quiet", tuple(None if p95 is None else p95 / 1e9 for p95 in durations)),), "s"
    failures = figures.failures_by_step
    return tuple(
        Series(words, sort, tuple(getattr(one, part) for one in failures)) for part, sort, words in PARTS
    ), "count"


def _spoken(failures: Failures) -> str:
    counts = [(getattr(failures, name), words) for name, _, words in PARTS]
    told = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    return f"{failures.total:,} failed or unanswered tool calls: {told}" if told else "No tool call failed"
