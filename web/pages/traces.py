"""`/traces`: the list, newest first, with its facets, its JSON twins, its fragment, its suggestions and its events."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from otlp_receiver.access import PROJECT_HEADER
from trace_store.model import DEFAULT_PROJECT
from web.api.traces import list_traces
from web.context import WebContext, context_of
from web.lists.filter_chips import filter_chips
from web.lists.list_facets import VALUES_MAX, facets_json
from web.lists.list_parameters import ListQuery, read_list_query, read_shown
from web.lists.list_tabs import list_tabs
from web.lists.list_view import list_row
from web.pages import differences, peek
from web.pages.facet_models import ListFilter
from web.pages.facets_beside import facets_beside
from web.pages.view_models import ListPage
from web.processes.watcher import list_version
from web.query_bar.suggestions import suggest, suggestions_json
from web.requests.errors import BadRequest
from web.requests.json_answers import json_answer
from web.templating import page, page_in_parts

router = APIRouter()
for part in (differences, peek):  # ahead of /traces/{trace_id}
    router.include_router(part.router)
Context = Annotated[WebContext, Depends(context_of)]
EVENT_STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.get("/traces")
async def show_list(request: Request, context: Context) -> Response:
    """The page; a filter that cannot be read stays in its field, with what is wrong below.

    For htmx, which puts another part of the list into a page that is open, the list alone.
    """
    if request.headers.get("hx-target") == "list":
        return await show_fragment(request, context)
    try:
        query = read_list_query(request.query_params, context.project_id)
    except BadRequest as error:
        shown = _list_page(request, context, read_shown(request.query_params), fault=error.sentence)
        return page("traces.html", 400, page=shown, footer=await context.footer())
    shown = await _page(request, context, query)
    if not (shown.rows or shown.filter.is_set):
        return page("traces.html", page=shown, footer=await context.footer())
    shown = replace(shown, has_facets=True)
    beside = partial(facets_beside, query, partial(context.reader.facets, query.wanted, VALUES_MAX))
    return page_in_parts("traces.html", beside, page=shown, footer=await context.footer())


@router.get("/traces/list")
async def show_fragment(request: Request, context: Context) -> Response:
    """The list alone, for a page that is open."""
    query = read_list_query(request.query_params, context.project_id)
    return page("_list.html", page=await _page(request, context, query))


@router.get("/traces.json")
async def show_json(request: Request, context: Context) -> Response:
    """The page as JSON."""
    return await list_traces(request, context)


@router.get("/traces/facets.json")
async def show_facets_json(request: Request, context: Context) -> Response:
    """What is counted of the traces of a filter."""
    query = read_list_query(request.query_params, context.project_id)
    return json_answer(facets_json(await context.reader.facets(query.wanted, VALUES_MAX)))


@router.get("/traces/suggestions.json")
async def show_suggestions(context: Context, field: str = "q", text: str = "") -> Response:
    """What may stand at the end of a text in the query bar (`field=q`) or in the field for steps (`field=steps`)."""
    return json_answer(suggestions_json(await suggest(context.reader, context.project_id, field, text)))


@router.get("/traces/events")
async def watch_list(context: Context) -> Response:
    """Server-sent events: `changed` when the first page of the unfiltered list would look different."""
    return StreamingResponse(
        context.watcher.events(context.project_id), media_type="text/event-stream", headers=EVENT_STREAM
    )


async def _page(request: Request, context: WebContext, query: ListQuery) -> ListPage:
    rows, after = await context.reader.list_traces(query.wanted, query.after, query.limit)
    stats = await context.recent_stats()
    return _list_page(
        request,
        context,
        query.shown,
        rows=tuple(list_row(row) for row in rows),
        trace_count=max(stats.traces, len(rows)),
        older_url=None if after is None else query.url("/traces", after),
        newest_url=None if query.after is None else query.url("/traces"),
        json_url=query.url("/traces.json", query.after),
        version=list_version(rows),
        differences_url=query.url("/traces/differences"),
        searched_back_to=after.start_unix_nano if after is not None and len(rows) < query.limit else 0,
        chips=filter_chips(query),
    )


def _list_page(request: Request, context: WebContext, shown: ListFilter, **found: object) -> ListPage:
    """The page with what every list has: the commands of its empty state; an empty list unless `found` says more."""
    host = request.url.hostname or "127.0.0.1"
    nothing: dict[str, object] = {"rows": (), "trace_count": 0, "older_url": None, "newest_url": None, "version": ""}
    values = nothing | {"json_url": f"/traces.json?{request.url.query}"} | found
    return ListPage(
        **values,  # type: ignore[arg-type]  # fields of ListPage
        filter=shown,
        tabs=list_tabs("/traces", shown),
        query_string=request.url.query,
        origin=f"{request.url.scheme}://{request.url.netloc}",
        grpc_origin=f"{request.url.scheme}://{host if ':' not in host else f'[{host}]'}:{context.grpc_port}"
        if context.grpc_port
        else "",
        needs_key=context.control.rules.are_required,
        sending_headers=_sending_headers(context),
    )


def _sending_headers(context: WebContext) -> str:
    assert context.access is not None
    headers = ["x-api-key=KEY"] if context.control.rules.are_required else []
    if context.access.project != DEFAULT_PROJECT:
        headers.append(f"{PROJECT_HEADER}={context.access.project}")
    return ",".join(headers)
