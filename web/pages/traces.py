"""`/traces`: the list, newest first, with its JSON twin, its fragment and its events."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from otlp_receiver.access import PROJECT_HEADER
from trace_store.model import DEFAULT_PROJECT
from web.api.traces import list_traces
from web.context import WebContext, context_of
from web.list_parameters import read_list_query
from web.list_view import list_row
from web.pages.view_models import ListPage
from web.templating import page
from web.watcher import list_version

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
EVENT_STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.get("/traces")
async def show_list(request: Request, context: Context) -> Response:
    """The page."""
    return page("traces.html", page=await _page(request, context), footer=await context.footer())


@router.get("/traces/list")
async def show_fragment(request: Request, context: Context) -> Response:
    """The list alone, for a page that is open."""
    return page("_list.html", page=await _page(request, context))


@router.get("/traces.json")
async def show_json(request: Request, context: Context) -> Response:
    """The page as JSON."""
    return await list_traces(request, context)


@router.get("/traces/events")
async def watch_list(context: Context) -> Response:
    """Server-sent events: `changed` when the first page of the unfiltered list would look different."""
    return StreamingResponse(
        context.watcher.events(context.project_id), media_type="text/event-stream", headers=EVENT_STREAM
    )


async def _page(request: Request, context: WebContext) -> ListPage:
    query = read_list_query(request.query_params, context.project_id)
    rows, after = await context.reader.list_traces(query.wanted, query.after, query.limit)
    stats = await context.recent_stats()
    host = request.url.hostname or "127.0.0.1"
    return ListPage(
        rows=tuple(list_row(row) for row in rows),
        filter=query.shown,
        trace_count=max(stats.traces, len(rows)),
        older_url=None if after is None else query.url("/traces", after),
        newest_url=None if query.after is None else query.url("/traces"),
        json_url=query.url("/traces.json", query.after),
        query_string=request.url.query,
        version=list_version(rows),
        origin=f"{request.url.scheme}://{request.url.netloc}",
        grpc_origin=f"http://{host if ':' not in host else f'[{host}]'}:{context.grpc_port}"
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
