"""What the lists of tool calls and of spans hand to their templates."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from web.pages.facet_models import FilterChip, ListFilter, ListTab

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class CallListRow:
    """One tool call."""

    name: str
    tool_url: str
    status: str  # of CallStatus
    status_words: str
    recovered: bool
    is_looping: bool
    breaks_schema: bool
    is_passed_on: bool  # the error began in a call below
    error: str  # a line; "" for none
    rule: str  # what found it; "" where nothing is wrong
    issue_url: str
    trace_id: str
    url: str  # the call in its trace, or the trace
    span_id: str  # "" for a call without a span
    asked_url: str  # the model call that asked for it
    model: str  # that asked
    agent: str
    service: str
    release: str
    user_id: str
    user_url: str
    start_unix_nano: int
    duration_ns: int | None  # None: the call has no span of its own, or runs


@dataclass(frozen=True, slots=True)
class SpanListRow:
    """One span."""

    name: str
    kind: str
    type: str  # of its dialect; "" when no dialect knows it
    dialect: str
    status: str  # error, ok or ""
    status_words: str
    service: str
    release: str
    user_id: str
    user_url: str
    url: str
    trace_id: str
    span_id: str
    start_unix_nano: int
    duration_ns: int | None


@dataclass(frozen=True, slots=True)
class RowListPage(Generic[Line]):
    """A page of a list."""

    path: str
    rows: tuple[Line, ...]
    filter: ListFilter
    tabs: tuple[ListTab, ...]
    chips: tuple[FilterChip, ...]
    json_url: str
    older_url: str  # "" on the last page
    newest_url: str  # the first page; "" on it
    searched_back_to: int = 0  # Unix nanoseconds: the search ended there and can go on; 0: it did not end early
    is_empty_store: bool = False  # no trace is there at all
    has_facets: bool = False
    fault: str = ""  # what is wrong with the filter
    order: str = "newest"
    order_urls: tuple[tuple[str, str, bool], ...] = ()  # words, URL, whether it is the order of the page
    note: str = ""  # what was looked at
