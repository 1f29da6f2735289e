"""The start page as tiles, chart and lists to print, and as JSON. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from trace_store.lists.overview import LatestLoop, LoopFigures, OverviewFigures, TraceFigures
from web.charts.sparkline import spark_path
from web.charts.time_chart import TimeChart
from web.filters import compact, duration, number, usd
from web.issues.issue_json import list_json
from web.issues.issue_view import IssueLine, issue_line
from web.overview.overview_chart import CHARTS, PARTS, overview_chart
from web.overview.overview_reading import Overview
from web.overview.time_window import TimeWindow
from web.pages.tools import ToolLine, tool_line
from web.trace.trace_url import span_of_call, trace_url

ENDED_WORDS = {"success": "worked in the end", "gave_up": "gave up", "running": "still running"}
KIND_OF_PART = {"errors": "tool_error", "in_loops": "loop", "soft_errors": "soft_error", "unanswered": "unanswered"}


@dataclass(frozen=True, slots=True)
class Note:
    """A few words below a figure, with the mark of what they count."""

    words: str
    sort: str = ""  # error, soft, loop: which mark


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure; its link is the list behind it."""

    label: str
    value: str
    beside: str  # smaller, after the value
    notes: tuple[Note, ...]
    url: str
    line: str  # the path of its sparkline
    sort: str = ""  # the class of its sparkline


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A sort of failures with its count; the link is its issues."""

    sort: str
    words: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class LoopLine:
    """One of the latest loops."""

    loop: LatestLoop
    tools: str
    ended: str
    url: str


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """What the page prints."""

    shown: dict[str, str]
    since_unix_nano: int
    until_unix_nano: int
    releases: tuple[str, ...]
    environments: tuple[str, ...]
    is_empty: bool  # nothing at all within the time
    is_filtered: bool
    tiles: tuple[Tile, ...]
    chart: TimeChart
    chart_name: str
    chart_title: str
    charts: tuple[tuple[str, str, str], ...]  # name, title and URL of each there is
    legend: tuple[LegendEntry, ...]
    failures: int
    issues: tuple[IssueLine, ...]
    issues_total: int
    issues_url: str
    tools: tuple[ToolLine, ...]
    tools_total: int
    tools_url: str
    loops: tuple[LoopLine, ...]
    loops_total: int
    loops_url: str
    json_url: str


def overview_page(found: Overview, chart: str) -> OverviewPage:
    """The page with one of its charts."""
    window, figures = found.window, found.figures
    failures = figures.failures
    return OverviewPage(
        shown=window.shown,
        since_unix_nano=window.since_unix_nano,
        until_unix_nano=window.until_unix_nano,
        releases=_choices(figures.releases, window.shown["release"]),
        environments=_choices(figures.environments, window.shown["environment"]),
        is_empty=not (figures.traces.traces or figures.interactions or failures.total),
        is_filtered=any(window.shown[name] for name in ("release", "environment")),
        tiles=(*_tiles_of_use(window, figures), *_tiles_of_trouble(window, figures), *_tiles_of_cost(window, figures)),
        chart=overview_chart(figures, window, chart),
        chart_name=chart,
        chart_title=CHARTS[chart],
        charts=tuple((name, title, window.url("/", {"chart": name})) for name, title in CHARTS.items()),
        legend=tuple(
            LegendEntry(sort, words, getattr(failures, name), window.url("/issues", {"kind": KIND_OF_PART[name]}))
            for name, sort, words in PARTS
        ),
        failures=failures.total,
        issues=tuple(issue_line(issue) for issue in found.issues.issues),
        issues_total=found.issues.total,
        issues_url=window.url("/issues", {"order": "events"}),
        tools=tuple(tool_line(tool, window) for tool in found.tools.tools),
        tools_total=found.tools.total,
        tools_url=window.url("/tools"),
        loops=tuple(_loop_line(loop) for loop in figures.latest_loops),
        loops_total=figures.loops.loops,
        loops_url=window.url("/traces", {"loops": "1"}),
        json_url=window.url("/overview.json"),
    )


def overview_json(found: Overview) -> dict[str, Any]:
    """The twin of the page; see docs/api.md."""
    figures, window = found.figures, found.window
    return {
        "since_unix_nano": window.since_unix_nano,
        "until_unix_nano": window.until_unix_nano,
        "release": window.release,
        "environment": window.environment,
        "step_s": figures.window.step_s,
        "steps_since_unix_nano": figures.window.origin_unix_nano,
        "interactions": figures.interactions,
        **asdict(figures.traces),
        "loops": asdict(figures.loops),
        "failures": asdict(figures.failures),
        "steps": [
            {"interactions": interactions, **asdict(traces), "loops": asdict(loops), "failures": asdict(failures)}
            for interactions, traces, loops, failures in zip(
                figures.interactions_by_step,
                figures.traces_by_step,
                figures.loops_by_step,
                figures.failures_by_step,
                strict=True,
            )
        ],
        "releases_began": [asdict(release) for release in figures.markers],
        "issues": list_json(found.issues, None)["issues"],
        "issues_total": found.issues.total,
        "tools": [asdict(tool) for tool in found.tools.tools],
        "tools_total": found.tools.total,
        "latest_loops": [asdict(loop) | {"trace_id": loop.trace_id.hex()} for loop in figures.latest_loops],
    }


def _tiles_of_use(window: TimeWindow, figures: OverviewFigures) -> tuple[Tile, ...]:
    traces, steps = figures.traces, figures.traces_by_step
    per_interaction = traces.tool_calls / figures.interactions if figures.interactions else 0
    return (
        Tile(
            "Interactions",
            number(figures.interactions),
            "",
            (Note(_plural(traces.traces, "trace")),),
            window.url("/traces"),
            spark_path(figures.interactions_by_step),
        ),
        Tile(
            "Users affected",
            number(traces.users_affected),
            f"of {number(traces.users)}",
            (Note(f"{_share(traces.users_affected, traces.users)} met a failure"),),
            window.url("/traces", {"errors": "1"}),
            spark_path([step.users_affected for step in steps]),
        ),
        Tile(
            "Tool calls",
            number(traces.tool_calls),
            "",
            (Note(f"{per_interaction:.1f} per interaction"),),
            window.url("/tool-calls"),
            spark_path([step.tool_calls for step in steps]),
        ),
    )


def _tiles_of_trouble(window: TimeWindow, figures: OverviewFigures) -> tuple[Tile, ...]:
    traces, loops = figures.traces, figures.loops
    failed = traces.errors + traces.soft_errors
    return (
        Tile(
            "Tool error rate",
            _share(failed, traces.tool_calls),
            "",
            (
                Note(f"{_share(traces.errors, traces.tool_calls)} explicit", "error"),
                Note(f"{_share(traces.soft_errors, traces.tool_calls)} soft", "soft"),
            ),
            window.url("/traces", {"errors": "1"}),
            spark_path([_rate(step) for step in figures.traces_by_step]),
            "error",
        ),
        Tile(
            "Loops",
            number(loops.loops),
            "",
            (Note(f"{_plural(loops.wasted_calls, 'repeat')}, {number(loops.gave_up)} gave up", "loop"),),
            window.url("/traces", {"loops": "1"}),
            spark_path([step.loops for step in figures.loops_by_step]),
            "loop",
        ),
        Tile(
            "Wasted cost",
            _money(loops.cost_nano_usd, any_priced=traces.cost_nano_usd is not None),
            "",
            (Note(_share_of_spend(loops, traces)),),
            window.url("/issues", {"kind": "loop"}),
            spark_path([step.cost_nano_usd or 0 for step in figures.loops_by_step]),
        ),
    )


def _tiles_of_cost(window: TimeWindow, figures: OverviewFigures) -> tuple[Tile, ...]:
    traces, steps = figures.traces, figures.traces_by_step
    per_interaction = traces.tokens // figures.interactions if figures.interactions else 0
    return (
        Tile(
            "p95 duration",
            "none" if traces.p95_ns is None else duration(traces.p95_ns),
            "",
            (Note("no trace has ended" if traces.p50_ns is None else f"p50 {duration(traces.p50_ns)}"),),
            window.url("/traces"),
            spark_path([step.p95_ns or 0 for step in steps]),
        ),
        Tile(
            "Tokens and cost",
            compact(traces.tokens),
            _money(traces.cost_nano_usd, any_priced=False),
            (Note(f"{number(per_interaction)} per interaction"),),
            window.url("/traces"),
            spark_path([step.tokens for step in steps]),
        ),
    )


def _loop_line(loop: LatestLoop) -> LoopLine:
    url = trace_url(loop.trace_id, span_of_call(loop.first_call_key or ""))
    return LoopLine(loop, " → ".join(loop.tools), ENDED_WORDS.get(loop.ended, ""), url)


def _choices(known: tuple[str, ...], chosen: str) -> tuple[str, ...]:
    return known if not chosen or chosen in known else (chosen, *known)


def _rate(step: TraceFigures) -> float:
    return (step.errors + step.soft_errors) / step.tool_calls if step.tool_calls else 0.0


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.1f}%" if percent >= 0.05 or not percent else "under 0.1%"


def _share_of_spend(loops: LoopFigures, traces: TraceFigures) -> str:
    if loops.cost_nano_usd is None:
        return "repeats of loops"
    return f"{_share(loops.cost_nano_usd, traces.cost_nano_usd or 0)} of spend"


def _money(nano_usd: int | None, *, any_priced: bool) -> str:
    if nano_usd is None:
        return "$0" if any_priced else "not priced"
    return usd(nano_usd)


def _plural(count: int, one: str) -> str:
    return f"{number(count)} {one if count == 1 else one + 's'}"
