"""`GET /api/traces/{trace_id}/spans/{span_id}`: one span with its facts and its messages."""

from dataclasses import fields
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Response

from trace_store.attributes import json_safe
from trace_store.facts import Payload, SpanFacts
from web.context import WebContext, context_of
from web.requests.errors import NotFound, read_id
from web.requests.json_answers import json_answer
from web.trace.span_detail import SpanRecords, read_span_records
from web.trace.span_explained import explanation_json
from web.trace.tool_definition_view import definition_json, offered_tools
from web.trace.transcript_view import transcript_json

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
_PLAIN = tuple(
    field.name
    for field in fields(SpanFacts)
    if field.name not in {"trace_id", "span_id", "parent_span_id", "name", "status_code"}
    and field.name
    not in {"start_unix_nano", "end_unix_nano", "failure", "requested_calls", "answered_calls", "tool_definitions"}
)


@router.get("/api/traces/{trace_id}/spans/{span_id}")
@router.get("/traces/{trace_id}/spans/{span_id}.json")
async def get_span(trace_id: str, span_id: str, context: Context) -> Response:
    """Facts, messages as roles and parts, and attributes of one span, nothing cut."""
    trace = context.trace_key(trace_id)
    registry = await context.rules.registry(trace.project_id)
    records = await read_span_records(context.reader, trace, read_id(span_id, 8, "span"), registry)
    if records is None:
        raise NotFound(f"Span {span_id} of trace {trace_id} is not stored.")
    body = orjson.dumps(json_safe(span_object(records)))
    return json_answer(body)


def span_object(records: SpanRecords) -> dict[str, Any]:
    """The JSON object of one span; `facts` is null when no dialect knows it."""
    row, span = records.stored.row, records.span
    messages = records.registry.transcript(span, records.logs)
    facts = None if records.judged is None else records.judged.facts
    return {
        "trace_id": row.trace_id.hex(),
        "span_id": row.span_id.hex(),
        "parent_span_id": row.parent_span_id.hex(),
        "name": span.name,
        "start_unix_nano": str(span.start_unix_nano),
        "end_unix_nano": str(span.end_unix_nano),
        "status_message": span.status_message,
        "facts": None if facts is None else {name: _plain(getattr(facts, name)) for name in _PLAIN},
        "explanation": None if records.explanation is None else explanation_json(records.explanation),
        "tool_definitions": [definition_json(each) for each in offered_tools(facts, records.definition)],
        "input_messages": transcript_json(messages.inputs),
        "output_messages": transcript_json(messages.outputs),
        "attributes": dict(span.attributes),
        "resource": dict(records.resource),
    }


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Payload) else value
