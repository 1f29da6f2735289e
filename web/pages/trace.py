"""`/traces/{trace_id}`: the page of one trace, with its JSON twin, its parts and its events.

htmx names the part of an open page that it asks for (header HX-Target, https://htmx.org/reference/#request_headers),
so that parts have the addresses of the page itself.
"""

from dataclasses import asdict, replace
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from tool_errors.findings import FAILED
from trace_store.stored import TraceKey
from web.api.traces import SPANS_LIMIT, get_trace, is_heavy, unknown_trace
from web.context import WebContext, context_of
from web.pages.traces import EVENT_STREAM
from web.pages.view_models import SpanDetail, TracePage
from web.processes import heavy_reads
from web.requests.errors import NotFound, read_id
from web.requests.json_answers import json_answer
from web.requests.project_urls import location_with_prefix
from web.templating import page
from web.trace.next_step import next_step, read_wanted
from web.trace.span_detail import build_detail, read_span_records
from web.trace.trace_links import outgoing_links
from web.trace.trace_reading import read_tree_records
from web.trace.trace_url import trace_url
from web.trace.trace_view import build_trace_page
from web.trace.trace_view_state import read_view_state
from web.trace.tree_view import build_tree

router = APIRouter(prefix="/traces")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/{trace_id}.json")
async def show_json(trace_id: str, context: Context, spans_offset: int = 0, spans_limit: int = SPANS_LIMIT) -> Response:
    """The page as JSON: the contract."""
    return await get_trace(trace_id, context, spans_offset, spans_limit)


@router.get("/{trace_id}/events")
async def watch_trace(trace_id: str, context: Context) -> Response:
    """Server-sent events: `changed` whenever the trace was derived again."""
    events = context.watcher.events(context.trace_key(trace_id))
    return StreamingResponse(events, media_type="text/event-stream", headers=EVENT_STREAM)


@router.get("/{trace_id}/next.json")
async def find_next(
    trace_id: str, request: Request, context: Context, wanted: str = "", here: int | None = None
) -> Response:
    """The next failure, loop or hit behind row `here` of what the other parameters show, or `{"found": false}`."""
    trace, path = context.trace_key(trace_id), trace_url(trace_id.lower())
    state, looked_for = read_view_state(request.query_params), read_wanted(wanted)
    if await is_heavy(context, trace):
        arguments = (context.conninfo, trace, path, state, looked_for, here)
        found = await context.reader_process.run(heavy_reads.find_next_step, *arguments)
    else:
        records = await read_tree_records(context.reader, trace)
        if records is None:
            raise unknown_trace(trace)
        found = next_step(records, build_tree(records, path), path, state, looked_for, here)
    return json_answer({"found": False} if found is None else {"found": True, **asdict(found)})


@router.get("/{trace_id}/spans/{span_id}")
async def show_span(trace_id: str, span_id: str, context: Context, full: bool = False) -> Response:
    """The pane of one span."""
    trace = context.trace_key(trace_id)
    detail = await _detail(context, trace, read_id(span_id, 8, "span"), full=full)
    if detail is None:
        raise NotFound(f"Span {span_id} of trace {trace_id} is not stored.")
    return page("_detail.html", detail=detail, selected=span_id)


@router.get("/{trace_id}")
async def show_trace(trace_id: str, request: Request, context: Context) -> Response:
    """The page; a `span` in the URL is selected, without one the first row that is worth a look."""
    target = request.headers.get("hx-target")
    if target == "trace-detail":
        selected = request.query_params.get("span", "")
        return page("_detail.html", detail=await _selected(trace_id, selected, request, context), selected=selected)
    found = await _page(trace_id, request, context)
    if target == "trace-tree":
        return await _show_view(found, request, context)
    if target == "trace-header":
        found = replace(found, detail=await _selected(trace_id, found.tree.selected, request, context))
        return page("_trace_parts.html", page=found, parts=("trace-header", "trace-tree", "trace-detail"), asked="")
    selected = found.tree.selected or _first_of_interest(found)
    detail = await _selected(trace_id, selected, request, context)
    found = replace(found, detail=detail, tree=replace(found.tree, selected=selected))
    end = found.start_unix_nano + found.duration_ns
    links = outgoing_links(context.link_templates, bytes.fromhex(found.trace_id), found.start_unix_nano, end)
    return page("trace.html", page=found, links=links, footer=await context.footer())


async def _show_view(found: TracePage, request: Request, context: WebContext) -> Response:
    """The steps for a page that is open, and what else of it is another now: its tabs, the selected step.

    The page is said to be at the address that shows this again; going back leads to another view or step.
    """
    shown = read_view_state(dict(parse_qsl(urlsplit(request.headers.get("hx-current-url", "")).query)))
    parts = ["trace-tree"]
    if (shown.view, shown.only) != (found.view, found.state.only):
        parts.append("trace-views")
    selected = found.tree.selected
    if selected and selected != shown.selected:
        found = replace(found, detail=await _selected(found.trace_id, selected, request, context))
        parts.append("trace-detail")
    answer = page("_trace_parts.html", page=found, parts=parts, asked="trace-tree")
    address = found.tree.address if found.transcript is None else found.transcript.address
    answer.headers["hx-replace-url" if len(parts) == 1 else "hx-push-url"] = location_with_prefix(address)
    return answer


async def _selected(trace_id: str, span_id: str, request: Request, context: WebContext) -> SpanDetail | None:
    """What the pane shows; None where nothing is selected or the span has not arrived."""
    if not span_id:
        return None
    full = request.query_params.get("full") == "1"
    return await _detail(context, context.trace_key(trace_id), read_id(span_id, 8, "span"), full=full)


async def _page(trace_id: str, request: Request, context: WebContext) -> TracePage:
    trace, path = context.trace_key(trace_id), trace_url(trace_id.lower())
    state, query = read_view_state(request.query_params), request.url.query
    found: TracePage | None
    if await is_heavy(context, trace):
        found = await context.reader_process.run(heavy_reads.trace_page, context.conninfo, trace, path, state, query)
    else:
        async with context.reader.on_one_connection() as reader:
            records = await read_tree_records(reader, trace)
        found = None
        if records is not None:
            found = build_trace_page(records, build_tree(records, path), path, state=state, query_string=query)
    if found is None:
        raise unknown_trace(trace)
    return found


async def _detail(context: WebContext, trace: TraceKey, span_id: bytes, *, full: bool) -> SpanDetail | None:
    registry = await context.rules.registry(trace.project_id)
    async with context.reader.on_one_connection() as reader:
        records = await read_span_records(reader, trace, span_id, registry)
    if records is None:
        return None
    return build_detail(records, trace_url(trace.trace_id), full=full)


def _first_of_interest(found: TracePage) -> str:
    """The first failure of the window, else its first span."""
    rows = [row for row in found.tree.rows if row.has_span]
    failed = (row for row in rows if row.status in FAILED)
    return next(failed, rows[0]).span_id if rows else ""
