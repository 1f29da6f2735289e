"""The parameters of the lists of tool calls and of spans: from the URL to a filter of the store and back.

They are those of the list of traces but for the fields of the query bar and the place where a page begins.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from starlette.datastructures import QueryParams

from trace_store.interactions.interaction_reads import Place
from trace_store.lists.call_filter import CallCursor, CallFilter
from trace_store.lists.span_filter import SpanFilter, span_filter
from trace_store.lists.span_lists import NewestCursor, SlowestCursor
from trace_store.lists.trace_filter import Term, TraceFilter
from web.lists.list_parameters import (
    LIMIT,
    TERM_PARAMETERS,
    parameters_of,
    read_limit,
    read_shown,
    since_of,
    url_terms,
    url_time,
)
from web.lists.places import FIRST, place_text, read_place
from web.pages.facet_models import ListFilter
from web.query_bar.vocabulary import CALLS, SPANS, Vocabulary
from web.requests.errors import BadRequest, check_known
from web.requests.page_urls import url_with

ORDERS = ("newest", "slowest")
_NO_PLACE = "`before` is no place in this list; take it from `next`."


class Times(NamedTuple):
    """What `range`, `since` and `until` say in Unix nanoseconds."""

    since_unix_nano: int | None
    until_unix_nano: int | None


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What a list was asked for."""

    shown: ListFilter
    wanted: Times
    asked: tuple[Term, ...]  # of `q` and of parameters that mean a field
    project_id: int
    limit: int
    before: str
    order: str  # of ORDERS; tool calls have the first alone

    @property
    def place(self) -> Place | None:
        """Where the page begins; None for the first. Raises BadRequest."""
        found = read_place(self.before)
        return None if found == FIRST else found

    def url(self, path: str, before: str = "") -> str:
        """The URL of the same list, from `before` on."""
        told = parameters_of(self.shown) | {
            "order": self.order if self.order != ORDERS[0] else "",
            "limit": "" if self.limit == LIMIT else str(self.limit),
            "before": before,
        }
        return url_with(path, told)


def read_row_query(parameters: QueryParams, project_id: int, words: Vocabulary) -> RowQuery:
    """Read the parameters of a project's list; BadRequest with a sentence for a value that it does not know."""
    shown = replace(read_shown(parameters), steps="")
    order = parameters.get("order", "") or ORDERS[0]
    check_known("order", order, ORDERS)
    times = Times(since_of(shown), url_time("until", shown.until))
    terms = url_terms(shown, words, ("conversation", *TERM_PARAMETERS))
    limit = read_limit(parameters.get("limit", ""))
    return RowQuery(shown, times, terms, project_id, limit, parameters.get("before", ""), order)


def call_query(parameters: QueryParams, project_id: int) -> RowQuery:
    """What the list of tool calls was asked for."""
    return read_row_query(parameters, project_id, CALLS)


def span_query(parameters: QueryParams, project_id: int) -> RowQuery:
    """What the list of spans was asked for."""
    return read_row_query(parameters, project_id, SPANS)


def call_filter(query: RowQuery) -> CallFilter:
    """The tool calls that the list shows."""
    flags = {"failing": query.shown.errors, "loop": query.shown.loops}
    terms = (*query.asked, *(Term("status", (status,)) for status, is_set in flags.items() if is_set))
    return CallFilter(query.project_id, *query.wanted, query.shown.issue.replace("\0", "") or None, terms)


def span_list_filter(query: RowQuery) -> SpanFilter:
    """The spans that the list shows: with `errors` those that failed, with `loops` those of traces with loops."""
    failing = (Term("status", ("error",)),) if query.shown.errors else ()
    of_one = (t for t in query.asked if t.field == "conversation" and not t.is_excluded and len(t.values) == 1)
    conversation = next(of_one, None)  # an index has the traces of one
    traces = TraceFilter(
        query.project_id,
        *query.wanted,
        errors_only=query.shown.errors,
        loops_only=query.shown.loops,
        conversation_id=None if conversation is None else conversation.values[0],
        issue=query.shown.issue.replace("\0", "") or None,
    )
    kept = tuple(term for term in query.asked if term is not conversation)
    return span_filter(traces, (*kept, *failing))


def call_cursor(query: RowQuery) -> CallCursor | None:
    """The last call of the page before; BadRequest for what is none."""
    if query.place is None:
        return None
    trace_id, _, key = query.place.id.partition(".")
    return CallCursor(query.place.unix_nano, _id(trace_id), key)


def call_place(cursor: CallCursor | None) -> str:
    """A cursor as `before` takes it; "" for none."""
    if cursor is None:
        return ""
    return place_text(Place(cursor.start_unix_nano, f"{cursor.trace_id.hex()}.{cursor.call_key}"))


def newest_cursor(query: RowQuery) -> NewestCursor | None:
    """The last span of the page before, newest traces first; BadRequest for what is none."""
    if query.place is None:
        return None
    trace_id, start, span_id = (*query.place.id.split("."), "", "")[:3]
    if start and not start.isdecimal():
        raise BadRequest(_NO_PLACE)
    return NewestCursor(query.place.unix_nano, _id(trace_id), min(int(start or 0), FIRST.unix_nano), _id(span_id))


def newest_place(cursor: NewestCursor | None) -> str:
    """A cursor as `before` takes it; "" for none."""
    if cursor is None:
        return ""
    trace_start, trace_id, start, span_id = cursor
    span = f".{start}.{span_id.hex()}" if span_id else ""
    return place_text(Place(trace_start, f"{trace_id.hex()}{span}"))


def slowest_cursor(query: RowQuery) -> SlowestCursor | None:
    """The last span of the page before, slowest first; BadRequest for what is none."""
    if query.place is None:
        return None
    trace_id, _, span_id = query.place.id.partition(".")
    return SlowestCursor(query.place.unix_nano, _id(trace_id), _id(span_id))


def slowest_place(cursor: SlowestCursor | None) -> str:
    """A cursor as `before` takes it; "" for none."""
    return place_text(cursor and Place(cursor.duration_ns, f"{cursor.trace_id.hex()}.{cursor.span_id.hex()}"))


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadRequest(_NO_PLACE) from None
