"""`/traces/{trace_id}/peek`: a trace in a card, for who hovers over its row; of calls no more than their error."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from trace_store.derived_rows import ToolCallRow
from web.api.traces import unknown_trace
from web.context import WebContext, context_of
from web.lists.list_view import list_row
from web.pages.view_models import TraceListRow
from web.templating import page
from web.trace.loop_text import loop_text

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
CALLS_SHOWN = 6
LOOPS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Peek:
    """What the card shows."""

    row: TraceListRow
    answer: str  # "" while there is none
    calls: tuple[ToolCallRow, ...]  # the failed ones first
    call_count: int
    loops: tuple[str, ...]  # a sentence each


@router.get("/traces/{trace_id}/peek")
async def show_peek(trace_id: str, context: Context) -> Response:
    """The card, as a fragment."""
    trace = context.trace_key(trace_id)
    row = await context.reader.trace_row(trace)
    if row is None:
        raise unknown_trace(trace)
    calls = await context.reader.peek_calls(trace, CALLS_SHOWN)
    loops = await context.reader.loops(trace) if row.loop_count else []
    shown = Peek(
        row=list_row(row),
        answer=row.output_preview or "",
        calls=tuple(calls),
        call_count=row.tool_call_count,
        loops=tuple(loop_text(loop) for loop in loops[:LOOPS_SHOWN]),
    )
    return page("_peek.html", peek=shown)
