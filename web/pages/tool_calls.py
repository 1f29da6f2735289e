"""`/tool-calls`: every tool call, newest first, with its facets, its JSON twin, its suggestions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.lists.call_filter import CallCursor
from trace_store.lists.call_lists import CallLine, read_call_facets, read_calls, read_looped
from trace_store.lists.trace_lists import ListFacets
from trace_store.span_reads import Connection
from web.context import WebContext, context_of
from web.lists.list_facets import OF_CALLS
from web.lists.row_query import RowQuery, call_cursor, call_filter, call_place, call_query
from web.lists.row_view import call_json, call_row
from web.pages.row_lists import RowList, row_list_page, row_list_routes
from web.pages.row_models import CallListRow, RowListPage
from web.requests.json_answers import json_answer

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
Looped = set[tuple[bytes, str]]


@router.get(f"{OF_CALLS.path}.json")
async def show_json(request: Request, context: Context) -> Response:
    """The list as JSON; see docs/api.md."""
    lines, looped, after = await _read(call_query(request.query_params, context.project_id), context)
    calls = [call_json(line, is_looping=line.key in looped) for line in lines]
    return json_answer({"tool_calls": calls, "next": call_place(after) or None, "shown": len(calls)})


async def _read(query: RowQuery, context: WebContext) -> tuple[list[CallLine], Looped, CallCursor | None]:
    """The calls, which of them are part of a loop, and where the next page begins."""
    async with context.reader.freely_planned() as connection:
        lines, after = await read_calls(connection, call_filter(query), call_cursor(query), query.limit)
        return lines, await read_looped(connection, context.project_id, lines), after


async def _page(query: RowQuery, context: WebContext) -> RowListPage[CallListRow]:
    lines, looped, after = await _read(query, context)
    rows = tuple(call_row(line, is_looping=line.key in looped) for line in lines)
    back_to = after.start_unix_nano if after is not None and len(lines) < query.limit else 0
    return row_list_page(OF_CALLS, query, rows, call_place(after), back_to)


async def _count(connection: Connection, query: RowQuery, values_max: int) -> ListFacets:
    return await read_call_facets(connection, call_filter(query), values_max)


router.include_router(row_list_routes(RowList(OF_CALLS, "tool_calls.html", call_query, _page, _count)))
