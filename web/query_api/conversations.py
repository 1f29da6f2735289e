"""`GET /v1/conversations` and one of them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from trace_store.interactions.interaction_reads import InteractionReads
from trace_store.interactions.interaction_rows import ConversationRow
from web.context import WebContext, context_of
from web.query_api.answers import answer, iso, page, read_cursor
from web.query_api.parameters import read_parameters, text_conditions, time_conditions
from web.query_api.project import ProjectId
from web.query_api.signal_ids import SignalName, name_signals
from web.requests.errors import NotFound

router = APIRouter(prefix="/v1/conversations")
Context = Annotated[WebContext, Depends(context_of)]
ORDERS = {"last_message_at": "last_unix_nano", "timestamp": "last_unix_nano", "started_at": "first_unix_nano"}


@router.get("")
async def list_conversations(request: Request, context: Context, project_id: ProjectId) -> Response:
    """Conversations, those with the newest message first."""
    fields = ("limit", "cursor", "order_by", "user_id", "started_at", "last_message_at")
    parameters = read_parameters(request.query_params, fields)
    column, descending = parameters.order(ORDERS)
    conditions = [
        *text_conditions(parameters, ("user_id",)),
        *time_conditions(parameters, "started_at", "first_unix_nano"),
        *time_conditions(parameters, "last_message_at", "last_unix_nano"),
    ]
    async with context.reader.freely_planned() as connection:
        reads = InteractionReads(connection, project_id)
        after = read_cursor(parameters.text("cursor"))
        rows, following = await reads.conversations(
            conditions, column, descending=descending, after=after, limit=parameters.limit()
        )
        return page(await _json(reads, rows), following)


@router.get("/{conversation_id:path}")
async def get_conversation(conversation_id: str, context: Context, project_id: ProjectId) -> Response:
    """One conversation."""
    async with context.reader.freely_planned() as connection:
        reads = InteractionReads(connection, project_id)
        row = await reads.conversation(conversation_id.replace("\0", ""))
        if row is None:
            raise NotFound(f"No conversation has the id {conversation_id}.")
        return answer((await _json(reads, [row]))[0])


async def _json(reads: InteractionReads, rows: Sequence[ConversationRow]) -> list[dict[str, Any]]:
    events = {event: name for name, event in await reads.interactions_of([row.conversation_id for row in rows])}
    counts: dict[str, Counter[SignalName]] = defaultdict(Counter)
    met = await reads.signals_of(list(events))
    names = await name_signals(reads, met)
    for one in met:
        if known := names.get((one.kind, one.key)):
            counts[events[one.event_id]][known] += one.times
    return [
        {
            "id": row.conversation_id,
            "user_id": row.user_id,
            "started_at": iso(row.first_unix_nano),
            "last_message_at": iso(row.last_unix_nano),
            "message_count": row.interaction_count,
            "signals": [
                known._asdict() | {"count": count} for known, count in counts[row.conversation_id].most_common()
            ],
        }
        for row in rows
    ]
