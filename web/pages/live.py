"""`/live`: traces as they arrive, with what runs right now; its events and its JSON twin."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from web.context import WebContext, context_of
from web.lists.list_parameters import read_list_query
from web.lists.live_tail import ROWS_MAX, read_tail, tail_events
from web.pages.traces import EVENT_STREAM
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter(prefix="/live")
Context = Annotated[WebContext, Depends(context_of)]


@router.get(".json")
async def show_json(request: Request, context: Context) -> Response:
    """The newest 50 traces that pass the filter of the list: `{"traces": [...]}` with their newest three tool calls."""
    query = read_list_query(request.query_params, context.project_id)
    traces = [
        {
            "trace_id": tail.row.trace_id,
            "question": tail.row.question,
            "agent": tail.row.agent,
            "live": tail.row.live,
            "start_unix_nano": str(tail.row.start_unix_nano),
            "errors": tail.row.error_count,
            "soft_errors": tail.row.soft_error_count,
            "loops": tail.row.loop_count,
            "latest_calls": [
                {"name": call.name, "status": call.status, "start_unix_nano": str(call.start_unix_nano)}
                for call in tail.calls
            ],
        }
        for tail in await read_tail(context, query.wanted)
    ]
    return json_answer({"traces": traces, "shown": len(traces)})


@router.get("/events")
async def watch(request: Request, context: Context) -> Response:
    """Server-sent events: `rows` with the HTML of what came or changed."""
    query = read_list_query(request.query_params, context.project_id)
    events = tail_events(context, query.wanted)
    return StreamingResponse(events, media_type="text/event-stream", headers=EVENT_STREAM)


@router.get("")
async def show_tail(request: Request, context: Context) -> Response:
    """The page; without scripts it shows what is there now."""
    query = read_list_query(request.query_params, context.project_id)
    rows = await read_tail(context, query.wanted)
    return page(
        "live.html",
        rows=rows,
        filter=query.shown,
        hidden={
            name: text for name, text in query.parameters().items() if text and name not in ("q", "errors", "loops")
        },
        events_url=query.url("/live/events"),
        json_url=query.url("/live.json"),
        list_url=query.url("/traces"),
        rows_max=ROWS_MAX,
        footer=await context.footer(),
    )
