"""Issues as lines and pages to print. Pure."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from tool_errors.finding_rows import STATUS_OF_KIND
from tool_errors.findings import SchemaViolation
from tool_errors.issue_status import STATUSES, IssueStatus
from tool_errors.schema.schema_violations import telling, violations_read
from trace_store.lists.issue_rows import Example, IssueDetail
from web.charts.sparkline import Bar, sparkline, spoken_trend
from web.charts.time_chart import Series, TimeChart
from web.filters import utc
from web.issues.argument_shapes import ArgumentShapes, argument_shapes
from web.issues.issue_parameters import KINDS, IssueQuery
from web.issues.issue_reading import IssueList, ListedIssue
from web.requests.page_urls import url_with
from web.trace.trace_url import span_of_call, trace_url

KIND_WORDS = {
    "tool_error": ("Tool error", "error", "error"),  # words, class, icon
    "soft_error": ("Soft error", "soft", "soft"),
    "unanswered": ("Unanswered", "open", "unanswered"),
    "schema_violation": ("Schema violation", "soft", "soft"),  # the calls worked
    "loop": ("Loop", "loop", "loop"),
}
STATUS_WORDS = {
    "new": "New",
    "ongoing": "Ongoing",
    "regressed": "Regressed",
    "ignored": "Ignored",
    "resolved": "Resolved",
}
NANOSECONDS = 1_000_000_000
_CHIPS = ("q", "since", "until", "tool", "release", "environment", "user")
_OF_LISTS = ("range", "since", "until", "release", "environment")
_CHIP_WORDS = {"q": "text", "since": "since", "until": "until"}


@dataclass(frozen=True, slots=True)
class KindView:
    """What kind of issue, as a mark."""

    words: str
    class_name: str
    icon: str


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One row of the list."""

    issue: ListedIssue
    kind: KindView
    url: str
    status_words: str
    bars: tuple[Bar, ...]
    spoken: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the URL without it."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class IssueListPage:
    """What the list prints."""

    lines: tuple[IssueLine, ...]
    total: int
    shown: dict[str, str]
    chips: tuple[Chip, ...]
    kinds: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]
    order_urls: dict[str, str]
    order: str
    is_filtered: bool
    next_url: str
    first_url: str
    json_url: str
    is_partly_looked_at: bool
    looked_at: int


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """One event of an issue."""

    example: Example
    url: str
    violations: tuple[SchemaViolation, ...]  # what of its arguments breaks the schema of the tool


@dataclass(frozen=True, slots=True)
class IssuePage:
    """What the page of an issue prints."""

    detail: IssueDetail
    kind: KindView
    status: IssueStatus
    status_words: str
    chart: TimeChart
    examples: tuple[ExampleLine, ...]
    shapes: ArgumentShapes  # of its newest calls
    url: str
    calls_url: str  # of its events; of loops, the calls that they consist of
    traces_url: str
    json_url: str
    range: str
    since_unix_nano: int  # of a time that was chosen, else 0
    until_unix_nano: int
    all_times_url: str


def list_page(query: IssueQuery, found: IssueList) -> IssueListPage:
    """The list."""
    shown = query.shown
    return IssueListPage(
        lines=tuple(issue_line(item) for item in found.issues),
        total=found.total,
        shown=shown,
        chips=tuple(
            Chip(f"{_CHIP_WORDS.get(name, name)} {shown[name]}", query.url("/issues", changed={name: ""}))
            for name in _CHIPS
            if shown[name]
        ),
        kinds=tuple((kind, KIND_WORDS[kind][0]) for kind in KINDS),
        statuses=tuple((status, STATUS_WORDS[status]) for status in STATUSES),
        order_urls={order: query.url("/issues", changed={"order": order}) for order in ("events", "users")}
        | {"last_seen": query.url("/issues", changed={"order": ""})},
        order=query.order,
        is_filtered=query.is_filtered,
        next_url="" if found.after is None else query.url("/issues", found.after),
        first_url="" if query.after is None else query.url("/issues"),
        json_url=query.url("/issues.json", query.after),
        is_partly_looked_at=bool(query.status) and found.is_cut,
        looked_at=found.looked_at,
    )


def issue_page(query: IssueQuery, detail: IssueDetail, status: IssueStatus) -> IssuePage:
    """One issue."""
    url = issue_url(detail.row.fingerprint)
    return IssuePage(
        detail=detail,
        kind=KindView(*KIND_WORDS[detail.row.kind]),
        status=status,
        status_words=STATUS_WORDS[status],
        chart=_events_over_time(query, detail),
        examples=tuple(
            ExampleLine(example, _example_url(example), example_violations(example)) for example in detail.examples
        ),
        shapes=issue_shapes(detail),
        url=url,
        calls_url=_calls_url(query, detail.row.fingerprint),
        traces_url=f"/traces?{urlencode({'issue': detail.row.fingerprint})}",
        json_url=query.url(f"{url}.json"),
        range=query.shown["range"],
        since_unix_nano=query.wanted.since_unix_nano or 0 if query.shown["since"] else 0,
        until_unix_nano=query.wanted.until_unix_nano or 0,
        all_times_url=query.url(url, changed={"range": "", "since": "", "until": ""}),
    )


def issue_shapes(detail: IssueDetail) -> ArgumentShapes:
    """The shapes of the arguments of the newest calls of an issue."""
    return argument_shapes(detail.calls, STATUS_OF_KIND.get(detail.row.kind, ""), detail.row.title)


def example_violations(example: Example) -> tuple[SchemaViolation, ...]:
    """What of the arguments of an event breaks the schema of its tool, as far as it is worth telling."""
    status = STATUS_OF_KIND.get(example.finding.kind, "")
    return telling(violations_read(example.violations or ()), status, "", example.finding.title)


def issue_url(fingerprint: str) -> str:
    """The page of an issue."""
    return f"/issues/{quote(fingerprint, safe='')}"


def issue_line(item: ListedIssue) -> IssueLine:
    """One row of a list."""
    return IssueLine(
        issue=item,
        kind=KindView(*KIND_WORDS[item.row.kind]),
        url=issue_url(item.row.fingerprint),
        status_words=STATUS_WORDS[item.status],
        bars=sparkline(item.trend),
        spoken=spoken_trend(item.trend),
    )


def _events_over_time(query: IssueQuery, detail: IssueDetail) -> TimeChart:
    """Its events; a bar, or a part that is dragged over, becomes the time of the page."""
    url, words = issue_url(detail.row.fingerprint), KIND_WORDS[detail.row.kind]

    def step_url(begin: int, end: int) -> str:
        return query.url(url, changed={"range": "", "since": utc(begin), "until": utc(end)})

    return TimeChart(
        since_unix_nano=detail.trend.since_unix_nano,
        step_ns=detail.trend.step_s * NANOSECONDS,
        series=(Series("events", words[1], detail.trend.counts),),
        spoken=spoken_trend(detail.trend),
        releases=detail.markers,
        step_url=step_url,
        range_url=query.url(url, changed={"range": "", "since": "", "until": ""}),
    )


def _calls_url(query: IssueQuery, fingerprint: str) -> str:
    """The list of its calls, within what the page is narrowed to as far as the list knows it."""
    return url_with("/tool-calls", {"issue": fingerprint} | {name: query.shown[name] for name in _OF_LISTS})


def _example_url(example: Example) -> str:
    """The failing step, or the first call of the loop, in its trace."""
    finding = example.finding
    return trace_url(finding.trace_id, finding.span_id or span_of_call(example.first_call_key or ""))
