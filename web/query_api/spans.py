"""`GET /v1/traces?event_id=`: the spans of an event."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.interactions.interaction_filters import as_number
from trace_store.interactions.interaction_reads import InteractionReads
from trace_store.stored import TraceKey
from web.context import WebContext, context_of
from web.processes import heavy_reads
from web.processes.reader_process import HEAVY_SPANS_MIN
from web.query_api.answers import answer
from web.query_api.parameters import read_parameters
from web.query_api.project import ProjectId
from web.query_api.span_json import spans_json
from web.requests.errors import BadRequest

router = APIRouter(prefix="/v1")
Context = Annotated[WebContext, Depends(context_of)]
LIMIT, LIMIT_MAX = 200, 1000


@router.get("/traces")
async def list_spans(request: Request, context: Context, project_id: ProjectId) -> Response:
    """The spans of all traces of an event by start; none for an unknown event. `meta` says how many there are."""
    parameters = read_parameters(request.query_params, ("event_id", "limit", "trunc_len"))
    event_id = parameters.text("event_id")
    if not event_id:
        raise BadRequest("event_id is needed: /v1/traces?event_id=ID.")
    limit, length = parameters.limit(LIMIT, LIMIT_MAX), _length(parameters.text("trunc_len"))
    async with context.reader.freely_planned() as connection:
        row = await InteractionReads(connection, project_id).one(event_id)
    traces = [TraceKey(project_id, trace_id) for trace_id in row.trace_ids] if row else []
    mappings = await context.rules.texts(project_id)
    if any([await context.reader.has_more_spans(trace, HEAVY_SPANS_MIN) for trace in traces]):
        arguments = (context.conninfo, traces, event_id, mappings, limit, length)
        spans, total = await context.reader_process.run(heavy_reads.event_spans, *arguments)
    else:
        spans, total = await spans_json(context.reader, traces, event_id, mappings.registry(), limit, length)
    return answer(spans, {"shown": len(spans), "total": total})


def _length(text: str) -> int | None:
    if not text or text == "null":
        return None
    number = as_number(text)
    if number is None or number < 0 or number != int(number):
        raise BadRequest(f"trunc_len={text} is no number of characters.")
    return int(number)
