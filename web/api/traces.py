"""`GET /api/traces`, `/api/traces/{trace_id}` and `/api/traces/{trace_id}/otlp`."""

from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from tool_errors.prices.cost import usd
from trace_store.derived_rows import TraceRow
from trace_store.export import traces_json, traces_protobuf
from trace_store.stored import TraceKey
from web.context import WebContext, context_of
from web.lists.list_parameters import cursor_text, read_list_query
from web.processes import heavy_reads
from web.processes.reader_process import HEAVY_SPANS_MIN
from web.requests.errors import BadRequest, NotFound
from web.requests.json_answers import json_answer
from web.trace.trace_reading import contract_page

router = APIRouter(prefix="/api")
Context = Annotated[WebContext, Depends(context_of)]
SPANS_LIMIT = 1000
PROTOBUF = "application/x-protobuf"


@router.get("/traces")
async def list_traces(request: Request, context: Context) -> Response:
    """Traces, newest first: `{"traces": [...], "next": cursor or null, "shown": n, "total": n}`.

    `total` counts the project's traces without the filter. Parameters: docs/api.md.
    """
    query = read_list_query(request.query_params, context.project_id)
    rows, after = await context.reader.list_traces(query.wanted, query.after, query.limit)
    stats = await context.recent_stats()
    return json_answer(
        orjson.dumps(
            {
                "traces": [trace_summary(row) for row in rows],
                "next": None if after is None else cursor_text(after),
                "shown": len(rows),
                "total": max(stats.traces, len(rows)),
            }
        )
    )


@router.get("/traces/{trace_id}")
async def get_trace(trace_id: str, context: Context, spans_offset: int = 0, spans_limit: int = SPANS_LIMIT) -> Response:
    """The JSON contract of a derived trace; `spans` is a page of `spans_total` spans in display order."""
    if spans_offset < 0 or spans_limit < 0:
        raise BadRequest("spans_offset and spans_limit must not be negative.")
    trace = context.trace_key(trace_id)
    body: bytes | None = None
    async with context.reader.on_one_connection() as reader:
        opened = await reader.opened(trace, HEAVY_SPANS_MIN)
        mappings = context.rules.texts_with(opened.mapping, opened.tool_rules)
        if opened.spans:
            body = await contract_page(reader, trace, opened, mappings.registry(), spans_offset, spans_limit)
    if not opened.spans and await is_heavy(context, trace):
        arguments = (context.conninfo, trace, mappings, spans_offset, spans_limit)
        body = await context.reader_process.run(heavy_reads.contract_json, *arguments)
    if body is None:
        raise unknown_trace(trace)
    return json_answer(body)


@router.get("/traces/{trace_id}/otlp")
async def get_otlp(trace_id: str, request: Request, context: Context) -> Response:
    """The stored trace as OTLP `TracesData`: JSON, or protobuf where the request asks for application/x-protobuf."""
    trace = context.trace_key(trace_id)
    as_protobuf = PROTOBUF in request.headers.get("accept", "")
    if await is_heavy(context, trace):
        body = await context.reader_process.run(heavy_reads.otlp, context.conninfo, trace, as_protobuf)
    else:
        spans = await context.reader.stored_spans(trace)
        body = (traces_protobuf(spans) if as_protobuf else traces_json(spans)) if spans else None
    if body is None:
        raise unknown_trace(trace)
    return Response(body, media_type=PROTOBUF if as_protobuf else "application/json")


async def is_heavy(context: WebContext, trace: TraceKey) -> bool:
    """Whether a trace is too large to be read on the loop that receives spans."""
    return await context.reader.has_more_spans(trace, HEAVY_SPANS_MIN)


def unknown_trace(trace: TraceKey) -> NotFound:
    """The answer for a trace that is not there."""
    return NotFound(
        f"No span of trace {trace.trace_id.hex()} is stored: it was never received, or its days are past retention."
    )


def trace_summary(row: TraceRow) -> dict[str, Any]:
    """One trace of a list as JSON: ids in hex, nanoseconds as text."""
    found = asdict(row)
    for name in ("project_id", "bucket_min", "bucket_max", "settle_at", "search_text"):
        del found[name]
    found["cost_usd"] = usd(found.pop("cost_nano_usd"))
    found["trace_id"] = row.trace_id.hex()
    found["group_id"] = None if row.group_id is None else row.group_id.hex()
    found["start_unix_nano"], found["end_unix_nano"] = str(row.start_unix_nano), str(row.end_unix_nano)
    return found
