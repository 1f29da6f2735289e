"""`/tool-calls`: every tool call, newest first, with its facets, its JSON twin, its suggestions."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.exceptions import RainbarrelError
from trace_store.lists.call_filter import CallCursor
from trace_store.lists.call_lists import CallLine, read_call_facets, read_calls, read_looped
from web.context import WebContext, context_of
from web.lists.filter_chips import filter_chips
from web.lists.list_facets import OF_CALLS, VALUES_MAX, facet_column, facets_json
from web.lists.list_parameters import read_shown
from web.lists.list_tabs import list_tabs
from web.lists.row_query import RowQuery, call_cursor, call_filter, call_place, call_query
from web.lists.row_view import call_json, call_row
from web.pages.row_models import CallListRow, RowListPage
from web.query_bar.suggestions import suggest, suggestions_json
from web.query_bar.vocabulary import CALLS
from web.requests.errors import BadRequest
from web.requests.json_answers import json_answer
from web.templating import page, page_in_parts, render

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
PATH = OF_CALLS.path
Looped = set[tuple[bytes, str]]


@router.get(f"{PATH}.json")
async def show_json(request: Request, context: Context) -> Response:
    """The list as JSON; see docs/api.md."""
    query = call_query(request.query_params, context.project_id)
    lines, looped, after = await _read(query, context)
    calls = [call_json(line, is_looping=line.key in looped) for line in lines]
    return json_answer({"tool_calls": calls, "next": call_place(after) or None, "shown": len(calls)})


@router.get(f"{PATH}/facets.json")
async def show_facets_json(request: Request, context: Context) -> Response:
    """What is counted of the calls of a filter."""
    wanted = call_filter(call_query(request.query_params, context.project_id))
    async with context.reader.freely_planned() as connection:
        return json_answer(facets_json(await read_call_facets(connection, wanted, VALUES_MAX), OF_CALLS))


@router.get(f"{PATH}/suggestions.json")
async def show_suggestions(context: Context, text: str = "") -> Response:
    """What may stand at the end of a text in the query bar."""
    return json_answer(suggestions_json(await suggest(context.reader, context.project_id, "q", text, CALLS)))


@router.get(PATH)
async def show_calls(request: Request, context: Context) -> Response:
    """The page; a filter that cannot be read stays in its field, with what is wrong below."""
    footer = await context.footer()
    try:
        query = call_query(request.query_params, context.project_id)
    except BadRequest as error:
        shown = read_shown(request.query_params)
        refused: RowListPage[CallListRow] = RowListPage(
            PATH, (), shown, list_tabs(PATH, shown), (), f"{PATH}.json?{request.url.query}", "", "", False,
            fault=error.sentence,
        )  # fmt: skip
        return page("tool_calls.html", 400, page=refused, footer=footer)
    lines, looped, after = await _read(query, context)
    view = _page(query, lines, looped, after, is_empty=not lines and not (await context.recent_stats()).traces)
    if view.is_empty_store:
        return page("tool_calls.html", page=view, footer=footer)
    view = replace(view, has_facets=True)
    return page_in_parts("tool_calls.html", partial(_facets, context, query), page=view, footer=footer)


async def _read(query: RowQuery, context: WebContext) -> tuple[list[CallLine], Looped, CallCursor | None]:
    """The calls, which of them are part of a loop, and where the next page begins."""
    async with context.reader.freely_planned() as connection:
        lines, after = await read_calls(connection, call_filter(query), call_cursor(query), query.limit)
        return lines, await read_looped(connection, context.project_id, lines), after


async def _facets(context: WebContext, query: RowQuery) -> str:
    """The values beside the list, which is there before they are counted; a sentence where they cannot be."""
    facets = None
    with suppress(RainbarrelError):
        async with context.reader.freely_planned() as connection:
            facets = facet_column(query, await read_call_facets(connection, call_filter(query), VALUES_MAX), OF_CALLS)
    return render("_facets.html", facets=facets)


def _page(
    query: RowQuery, lines: list[CallLine], looped: Looped, after: CallCursor | None, *, is_empty: bool
) -> RowListPage[CallListRow]:
    is_cut_short = after is not None and len(lines) < query.limit
    return RowListPage(
        path=PATH,
        rows=tuple(call_row(line, is_looping=line.key in looped) for line in lines),
        filter=query.shown,
        tabs=list_tabs(PATH, query.shown),
        chips=filter_chips(query, PATH, CALLS),
        json_url=query.url(f"{PATH}.json", query.before),
        older_url=query.url(PATH, call_place(after)) if after else "",
        newest_url=query.url(PATH) if query.before else "",
        is_empty_store=is_empty,
        searched_back_to=after.start_unix_nano if after is not None and is_cut_short else 0,
    )
