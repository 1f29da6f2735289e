"""`GET /api/conversations/{id}`: the traces of a conversation in order of time, with what went wrong in them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.interactions.conversation_reads import ConversationRows
from web.api.traces import trace_summary
from web.context import WebContext, context_of
from web.conversations.interaction_view import feedback_by_event, interaction_json
from web.requests.errors import BadRequest, NotFound
from web.requests.json_answers import json_answer

router = APIRouter(prefix="/api")
Context = Annotated[WebContext, Depends(context_of)]
PARTS_LIMIT = 50


@router.get("/conversations/{name:path}")
async def get_conversation(name: str, context: Context, offset: int = 0, limit: int = PARTS_LIMIT) -> Response:
    """`{"conversation_id", "group_id", "traces": [...], "offset", "shown", "total",
    "interactions": [without a trace, ...], "interactions_shown", "interactions_total", "next_offset"}`: docs/api.md.
    """
    rows = await conversation_rows(context, name, offset, limit)
    total = rows.total or rows.traceless_total
    end = rows.offset + (len(rows.traces) or len(rows.traceless))
    feedback = feedback_by_event(rows.feedback)
    body = {
        "conversation_id": rows.conversation_id,
        "group_id": rows.group_id.hex(),
        "traces": [_part(rows, index) for index in range(len(rows.traces))],
        "offset": rows.offset,
        "shown": len(rows.traces),
        "total": rows.total,
        "interactions": [interaction_json(row, feedback.get(row.event_id, ())) for row in rows.traceless],
        "interactions_shown": len(rows.traceless),
        "interactions_total": rows.traceless_total,
        "next_offset": end if end < total else None,
    }
    return json_answer(body)


async def conversation_rows(context: WebContext, name: str, offset: int, limit: int) -> ConversationRows:
    """A page of a conversation; NotFound names what was looked for."""
    if not 0 <= offset < 10**9 or not 0 < limit < 10**9:
        raise BadRequest("offset must not be negative, and limit must be at least 1.")
    rows = await context.reader.conversation(context.project_id, name, offset, limit)
    if rows is None:
        raise NotFound(
            f"Nothing of conversation {name} is stored: it was never received, or its days are past retention."
        )
    return rows


def _part(rows: ConversationRows, index: int) -> dict[str, Any]:
    row = rows.traces[index]
    feedback = feedback_by_event(rows.feedback)
    return trace_summary(row) | {
        "position": rows.offset + index + 1,
        "failures": [_failure(call) for call in rows.failed_calls if call.trace_id == row.trace_id],
        "interactions": [
            interaction_json(one, feedback.get(one.event_id, ()))
            for one in rows.interactions
            if one.of_trace == row.trace_id
        ],
        "loops": [_loop(loop) for loop in rows.loops if loop.trace_id == row.trace_id],
    }


def _failure(call: ToolCallRow) -> dict[str, Any]:
    return {
        "span_id": None if call.span_id is None else call.span_id.hex(),
        "call_id": call.call_id,
        "name": call.name,
        "status": call.status,
        "error": {"type": call.error_type, "message": call.error_message or "", "fingerprint": call.fingerprint},
        "recovered": call.recovered,
    }


def _loop(loop: LoopRow) -> dict[str, Any]:
    return {
        "id": loop.loop_id,
        "kind": loop.kind,
        "tools": loop.tools,
        "iterations": loop.iterations,
        "failures": loop.failures,
        "ended": loop.ended,
        "calls": [{"trace_id": trace, "span_id": span, "call_id": call} for trace, _, span, call in loop.calls],
    }
