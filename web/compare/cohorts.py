"""Two groups of traces beside each other: shares with intervals, durations, tokens, cost, in all and per tool."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from starlette.datastructures import QueryParams

from trace_store.lists.cohorts import Cohort, CohortTool, CohortWindow, newest_releases, read_cohort
from web.compare.proportions import Share, differ, share_of
from web.context import WebContext
from web.overview.time_window import TimeWindow, read_time_window
from web.requests.errors import BadRequest, check_known
from web.requests.page_urls import url_with

BY = ("release", "environment", "service", "agent", "model", "tool", "user", "property")
RANGE = "7d"


@dataclass(frozen=True, slots=True)
class CohortQuery:
    """What the page was asked for."""

    by: str
    property: str  # its name, where by is "property"
    a: str
    b: str
    window: TimeWindow

    def url(self, path: str, **changed: str) -> str:
        """The same comparison, some parameters changed."""
        wanted = {name: value for name, value in self.window.shown.items() if name in ("range", "since", "until")}
        wanted |= {"by": self.by, "property": self.property, "a": self.a, "b": self.b} | changed
        return url_with(path, wanted)


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One share of both groups."""

    name: str
    words: str
    a: Share
    b: Share
    differs: bool  # by more than chance explains


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One number of both groups; None: nothing tells."""

    name: str
    words: str
    unit: str  # count, ns, nano_usd
    a: int | None
    b: int | None


@dataclass(frozen=True, slots=True)
class ToolLine:
    """One tool in both groups; a group without a call of it has none."""

    name: str
    a: CohortTool | None
    b: CohortTool | None
    failed_a: Share
    failed_b: Share
    differs: bool


@dataclass(frozen=True, slots=True)
class CohortComparison:
    """What the page shows; no figures before both values are known."""

    query: CohortQuery
    releases: tuple[str, ...]  # the newest, to choose from
    a: Cohort | None
    b: Cohort | None
    shares: tuple[ShareLine, ...]
    numbers: tuple[NumberLine, ...]
    tools: tuple[ToolLine, ...]


def read_cohort_query(parameters: QueryParams) -> CohortQuery:
    """The parameters; BadRequest for a value that they cannot have."""
    texts = {name: parameters.get(name, "").strip().replace("\0", "") for name in ("by", "property", "a", "b")}
    by = texts["by"] or "release"
    check_known("by", by, BY)
    if by == "property" and not texts["property"] and (texts["a"] or texts["b"]):
        raise BadRequest("by=property needs property=NAME: which property of interactions tells the two groups apart.")
    return CohortQuery(by, texts["property"], texts["a"], texts["b"], read_time_window(parameters, RANGE))


async def compare_cohorts(context: WebContext, query: CohortQuery) -> CohortComparison:
    """Reads both groups; without values the two newest releases."""
    async with context.reader.freely_planned() as connection:
        releases = await newest_releases(connection, context.project_id)
        if query.by == "release" and not query.a and not query.b and len(releases) > 1:
            query = CohortQuery(query.by, "", releases[1], releases[0], query.window)
        if not query.a or not query.b:
            return CohortComparison(query, tuple(releases), None, None, (), (), ())
        window = CohortWindow(
            context.project_id,
            query.window.since_unix_nano,
            query.window.until_unix_nano,
            query.by,
            query.property,
        )
        a, b = await read_cohort(connection, window, query.a), await read_cohort(connection, window, query.b)
    shares, numbers, tools = tuple(_shares(a, b)), tuple(_numbers(a, b)), tuple(_tools(a, b))
    return CohortComparison(query, tuple(releases), a, b, shares, numbers, tools)


def cohorts_json(found: CohortComparison) -> dict[str, Any]:
    """The page as JSON."""
    query = found.query
    return {
        "by": query.by,
        "property": query.property or None,
        "a": query.a or None,
        "b": query.b or None,
        "since_unix_nano": str(query.window.since_unix_nano),
        "until_unix_nano": str(query.window.until_unix_nano),
        "releases": list(found.releases),
        "traces": None if found.a is None or found.b is None else {"a": found.a.traces, "b": found.b.traces},
        "is_cut": any(cohort is not None and cohort.is_cut for cohort in (found.a, found.b)),
        "shares": [asdict(line) for line in found.shares],
        "numbers": [asdict(line) for line in found.numbers],
        "tools": [asdict(line) for line in found.tools],
        "tools_total": max((cohort.tools_total for cohort in (found.a, found.b) if cohort), default=0),
    }


def _shares(a: Cohort, b: Cohort) -> Iterator[ShareLine]:
    for name, words, part, whole in (
        ("failed_traces", "Traces with a failure", "failed_traces", "traces"),
        ("looping_traces", "Traces with a loop", "looping_traces", "traces"),
        ("failed_calls", "Tool calls that failed", "failed_calls", "tool_calls"),
        ("unanswered_calls", "Tool calls without an answer", "unanswered_calls", "tool_calls"),
    ):
        first, second = (share_of(getattr(cohort, part), getattr(cohort, whole)) for cohort in (a, b))
        yield ShareLine(name, words, first, second, differ(first, second))


def _numbers(a: Cohort, b: Cohort) -> Iterator[NumberLine]:
    yield NumberLine("traces", "Traces", "count", a.traces, b.traces)
    yield NumberLine("tool_calls", "Tool calls", "count", a.tool_calls, b.tool_calls)
    yield NumberLine("p50_ns", "Duration, median", "ns", a.p50_ns, b.p50_ns)
    yield NumberLine("p95_ns", "Duration, p95", "ns", a.p95_ns, b.p95_ns)
    yield NumberLine("tokens_p50", "Tokens of a trace, median", "count", a.tokens_p50, b.tokens_p50)
    yield NumberLine("tokens", "Tokens in all", "count", a.tokens, b.tokens)
    yield NumberLine("cost_nano_usd", "Cost in all", "nano_usd", a.cost_nano_usd, b.cost_nano_usd)
    each = [
        cohort.cost_nano_usd // cohort.priced_traces if cohort.cost_nano_usd is not None else None for cohort in (a, b)
    ]
    yield NumberLine("cost_of_trace", "Cost of a priced trace, mean", "nano_usd", *each)


def _tools(a: Cohort, b: Cohort) -> Iterator[ToolLine]:
    of_a, of_b = ({tool.name: tool for tool in cohort.tools} for cohort in (a, b))
    names = sorted(of_a.keys() | of_b.keys(), key=lambda name: (-_calls(of_a, name) - _calls(of_b, name), name))
    for name in names:
        one, other = of_a.get(name), of_b.get(name)
        first, second = (share_of(tool.failed, tool.calls) if tool else share_of(0, 0) for tool in (one, other))
        yield ToolLine(name, one, other, first, second, differ(first, second))


def _calls(tools: dict[str, CohortTool], name: str) -> int:
    tool = tools.get(name)
    return tool.calls if tool else 0
