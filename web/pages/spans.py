"""`/spans`: spans of the newest traces, or those that took longest, with facets, JSON twin and suggestions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.fact_parts import Entry
from trace_store.lists.span_lists import (
    RANKED_MAX,
    SPANS_MAX,
    TRACES_MAX,
    SlowestSpans,
    SpanLine,
    read_entries,
    read_newest_spans,
    read_slowest_spans,
    read_span_facets,
)
from trace_store.lists.trace_lists import ListFacets
from trace_store.span_reads import Connection
from web.context import WebContext, context_of
from web.filters import duration, number
from web.lists.list_facets import OF_SPANS
from web.lists.row_query import (
    ORDERS,
    RowQuery,
    newest_cursor,
    newest_place,
    slowest_cursor,
    slowest_place,
    span_list_filter,
    span_query,
)
from web.lists.row_view import span_json, span_row
from web.pages.row_lists import RowList, row_list_page, row_list_routes
from web.pages.row_models import RowListPage, SpanListRow
from web.requests.json_answers import json_answer

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
NEWEST_NOTE = (
    "Spans have no order of their own in the store: the list goes from the newest trace to older ones, through up to "
    f"{number(TRACES_MAX)} traces or {number(SPANS_MAX)} spans at once."
)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of spans."""

    lines: list[SpanLine]
    entries: Mapping[SpanLine, Entry]
    older: str  # where the next page begins; "" for none
    searched_back_to: int  # as in RowListPage
    slowest: SlowestSpans | None  # None: the newest ones


@router.get(f"{OF_SPANS.path}.json")
async def show_json(request: Request, context: Context) -> Response:
    """The list as JSON; see docs/api.md."""
    found = await _read(span_query(request.query_params, context.project_id), context)
    spans = [span_json(line, found.entries.get(line)) for line in found.lines]
    told: dict[str, object] = {"spans": spans, "next": found.older or None, "shown": len(spans)}
    if found.slowest is not None:
        told |= {
            "traces_looked_at": found.slowest.traces,
            "spans_looked_at": found.slowest.spans,
            "complete_ns": found.slowest.complete_ns,
        }
    return json_answer(told)


async def _read(query: RowQuery, context: WebContext) -> Found:
    wanted = span_list_filter(query)
    async with context.reader.freely_planned() as connection:
        if query.order == "slowest":
            slowest = await read_slowest_spans(connection, wanted, slowest_cursor(query), query.limit)
            entries = await read_entries(connection, context.project_id, slowest.lines)
            return Found(slowest.lines, entries, slowest_place(slowest.after), 0, slowest)
        lines, after = await read_newest_spans(connection, wanted, newest_cursor(query), query.limit)
        entries = await read_entries(connection, context.project_id, lines)
    is_cut_short = after is not None and len(lines) < query.limit
    back_to = after.trace_start_unix_nano if after is not None and is_cut_short else 0
    return Found(lines, entries, newest_place(after), back_to, None)


async def _page(query: RowQuery, context: WebContext) -> RowListPage[SpanListRow]:
    found = await _read(query, context)
    rows = tuple(span_row(line, found.entries.get(line)) for line in found.lines)
    orders = tuple(
        (words, replace(query, order=order).url(OF_SPANS.path), order == query.order)
        for order, words in zip(ORDERS, ("Newest traces first", "Slowest first"), strict=True)
    )
    return replace(
        row_list_page(OF_SPANS, query, rows, found.older, found.searched_back_to),
        order=query.order,
        order_urls=orders,
        note=NEWEST_NOTE if found.slowest is None else slowest_note(found.slowest),
    )


async def _count(connection: Connection, query: RowQuery, values_max: int) -> ListFacets:
    return await read_span_facets(connection, span_list_filter(query), values_max)


def slowest_note(found: SlowestSpans) -> str:
    """Of what the slowest spans were taken, as a sentence."""
    traces = f"{number(found.traces)} {'trace' if found.traces == 1 else 'traces'}"
    spans = f"{number(found.spans)} {'span' if found.spans == 1 else 'spans'}"
    if not found.complete_ns:
        return f"All {spans} of {traces} were looked at."
    ranked = f" of the newest {number(RANKED_MAX)}" if found.ranked_since_unix_nano else ""
    return (
        f"Looked at the {traces} that took longest{ranked}, with {spans}: every span of more than "
        f"{duration(found.complete_ns)} is here; shorter ones of other traces are not. "
        "A shorter time or a narrower filter shows them."
    )


router.include_router(row_list_routes(RowList(OF_SPANS, "spans.html", span_query, _page, _count)))
