"""What the lists of tool calls and of spans share: their page with facets beside it, the counts and the suggestions."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Generic

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from trace_store.lists.trace_lists import ListFacets
from trace_store.span_reads import Connection
from web.context import WebContext, context_of
from web.lists.filter_chips import filter_chips
from web.lists.list_facets import VALUES_MAX, ListOf, facets_json
from web.lists.list_parameters import read_shown
from web.lists.list_tabs import list_tabs
from web.lists.row_query import RowQuery
from web.pages.facets_beside import facets_beside
from web.pages.row_models import Line, RowListPage
from web.query_bar.suggestions import suggest, suggestions_json
from web.requests.errors import BadRequest
from web.requests.json_answers import json_answer
from web.templating import page, page_in_parts

Context = Annotated[WebContext, Depends(context_of)]


@dataclass(frozen=True, slots=True)
class RowList(Generic[Line]):
    """One of the lists: how it is asked for, read and counted."""

    of: ListOf
    template: str
    read_query: Callable[[QueryParams, int], RowQuery]  # of a project; raises BadRequest
    read: Callable[[RowQuery, WebContext], Awaitable[RowListPage[Line]]]
    count: Callable[[Connection, RowQuery, int], Awaitable[ListFacets]]  # so many values of each field

    async def counted(self, query: RowQuery, context: WebContext) -> ListFacets:
        """What is counted of the lines of a query."""
        async with context.reader.freely_planned() as connection:
            return await self.count(connection, query, VALUES_MAX)

    def refused(self, request: Request, fault: str) -> RowListPage[Line]:
        """The page of a filter that cannot be read: it stays in its field, with what is wrong below."""
        path, shown = self.of.path, read_shown(request.query_params)
        json_url = f"{path}.json?{request.url.query}"
        return RowListPage(path, (), shown, list_tabs(path, shown), (), json_url, "", "", fault=fault)


def row_list_page(
    of: ListOf, query: RowQuery, rows: tuple[Line, ...], older: str, searched_back_to: int
) -> RowListPage[Line]:
    """A page of a list; `older` is where the next one begins, "" for none."""
    return RowListPage(
        path=of.path,
        rows=rows,
        filter=query.shown,
        tabs=list_tabs(of.path, query.shown),
        chips=filter_chips(query, of.path, of.words),
        json_url=query.url(f"{of.path}.json", query.before),
        older_url=query.url(of.path, older) if older else "",
        newest_url=query.url(of.path) if query.before else "",
        searched_back_to=searched_back_to,
    )


def row_list_routes(rows: RowList[Line]) -> APIRouter:
    """The page of a list, its counts and its suggestions."""
    router = APIRouter()
    path = rows.of.path

    @router.get(f"{path}/facets.json")
    async def show_facets_json(request: Request, context: Context) -> Response:
        """What is counted of the lines of a filter."""
        query = rows.read_query(request.query_params, context.project_id)
        return json_answer(facets_json(await rows.counted(query, context), rows.of))

    @router.get(f"{path}/suggestions.json")
    async def show_suggestions(context: Context, text: str = "") -> Response:
        """What may stand at the end of a text in the query bar."""
        found = await suggest(context.reader, context.project_id, "q", text, rows.of.words)
        return json_answer(suggestions_json(found))

    @router.get(path)
    async def show_list(request: Request, context: Context) -> Response:
        """The page; facets follow unless the store is empty."""
        footer = await context.footer()
        try:
            query = rows.read_query(request.query_params, context.project_id)
        except BadRequest as error:
            return page(rows.template, 400, page=rows.refused(request, error.sentence), footer=footer)
        view = await rows.read(query, context)
        if not view.rows and not (await context.recent_stats()).traces:
            return page(rows.template, page=replace(view, is_empty_store=True), footer=footer)
        beside = partial(facets_beside, query, partial(rows.counted, query, context), rows.of)
        return page_in_parts(rows.template, beside, page=replace(view, has_facets=True), footer=footer)

    return router
