"""`/spans`: spans of the newest traces, or those that took longest, with facets, JSON twin and suggestions."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.exceptions import RainbarrelError
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
from web.context import WebContext, context_of
from web.filters import duration, number
from web.lists.filter_chips import filter_chips
from web.lists.list_facets import OF_SPANS, VALUES_MAX, facet_column, facets_json
from web.lists.list_parameters import read_shown
from web.lists.list_tabs import list_tabs
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
from web.pages.row_models import RowListPage, SpanListRow
from web.query_bar.suggestions import suggest, suggestions_json
from web.query_bar.vocabulary import SPANS
from web.requests.errors import BadRequest
from web.requests.json_answers import json_answer
from web.templating import page, page_in_parts, render

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
PATH = OF_SPANS.path
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


@router.get(f"{PATH}.json")
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


@router.get(f"{PATH}/facets.json")
async def show_facets_json(request: Request, context: Context) -> Response:
    """What is counted of the spans of a filter."""
    wanted = span_list_filter(span_query(request.query_params, context.project_id))
    async with context.reader.freely_planned() as connection:
        return json_answer(facets_json(await read_span_facets(connection, wanted, VALUES_MAX), OF_SPANS))


@router.get(f"{PATH}/suggestions.json")
async def show_suggestions(context: Context, text: str = "") -> Response:
    """What may stand at the end of a text in the query bar."""
    return json_answer(suggestions_json(await suggest(context.reader, context.project_id, "q", text, SPANS)))


@router.get(PATH)
async def show_spans(request: Request, context: Context) -> Response:
    """The page; a filter that cannot be read stays in its field, with what is wrong below."""
    footer = await context.footer()
    try:
        query = span_query(request.query_params, context.project_id)
    except BadRequest as error:
        shown = read_shown(request.query_params)
        refused: RowListPage[SpanListRow] = RowListPage(
            PATH, (), shown, list_tabs(PATH, shown), (), f"{PATH}.json?{request.url.query}", "", "", False,
            fault=error.sentence,
        )  # fmt: skip
        return page("spans.html", 400, page=refused, footer=footer)
    found = await _read(query, context)
    view = _page(query, found, is_empty=not found.lines and not (await context.recent_stats()).traces)
    if view.is_empty_store:
        return page("spans.html", page=view, footer=footer)
    view = replace(view, has_facets=True)
    return page_in_parts("spans.html", partial(_facets, context, query), page=view, footer=footer)


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


async def _facets(context: WebContext, query: RowQuery) -> str:
    """The values beside the list, which is there before they are counted; a sentence where they cannot be."""
    facets = None
    with suppress(RainbarrelError):
        async with context.reader.freely_planned() as connection:
            counted = await read_span_facets(connection, span_list_filter(query), VALUES_MAX)
        facets = facet_column(query, counted, OF_SPANS)
    return render("_facets.html", facets=facets)


def _page(query: RowQuery, found: Found, *, is_empty: bool) -> RowListPage[SpanListRow]:
    orders = tuple(
        (words, replace(query, order=order).url(PATH), order == query.order)
        for order, words in zip(ORDERS, ("Newest traces first", "Slowest first"), strict=True)
    )
    return RowListPage(
        path=PATH,
        rows=tuple(span_row(line, found.entries.get(line)) for line in found.lines),
        filter=query.shown,
        tabs=list_tabs(PATH, query.shown),
        chips=filter_chips(query, PATH, SPANS),
        json_url=query.url(f"{PATH}.json", query.before),
        older_url=query.url(PATH, found.older) if found.older else "",
        newest_url=query.url(PATH) if query.before else "",
        is_empty_store=is_empty,
        searched_back_to=found.searched_back_to,
        order=query.order,
        order_urls=orders,
        note=NEWEST_NOTE if found.slowest is None else slowest_note(found.slowest),
    )


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
