"""`/conversations`: the list, the newest message first, with what happened in each, and its JSON twin."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.interactions.interaction_lists import conversation_count
from trace_store.interactions.interaction_reads import Place
from trace_store.lists.message_lists import NEWEST_CONVERSATION, TRACES_TOLD_MAX, ConversationLine, read_conversations
from web.context import WebContext, context_of
from web.conversations.interaction_view import user_url
from web.lists.list_parameters import LIMIT
from web.lists.list_view import conversation_url, spoken
from web.lists.message_filter import MessageQuery, read_message_query
from web.lists.places import place_text
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]


@dataclass(frozen=True, slots=True)
class ConversationListRow:
    """One row of the list."""

    line: ConversationLine
    url: str
    user_url: str  # "" without a user
    steps_spoken: str
    is_cut: bool  # it has more traces than the figures are of

    error_count: int
    soft_error_count: int
    unanswered_count: int
    failed_span_count: int
    loop_count: int


@dataclass(frozen=True, slots=True)
class ConversationsPage:
    """What the list prints."""

    rows: tuple[ConversationListRow, ...]
    total: int
    shown: dict[str, str]  # the filter as it stands in the URL
    is_filtered: bool
    json_url: str
    newest_url: str  # "" on the first page
    older_url: str  # "" on the last page
    searched_back_to: int  # Unix nanoseconds: the search ended there and can go on; 0: it did not end early


@router.get("/conversations.json")
async def show_json(request: Request, context: Context) -> Response:
    """The list as JSON."""
    query = read_message_query(request.query_params, context.project_id)
    rows, total, older = await _read(query, context)
    told = [row._asdict() for row in rows]
    return json_answer({"conversations": told, "next": place_text(older) or None, "shown": len(rows), "total": total})


@router.get("/conversations")
async def show_conversations(request: Request, context: Context) -> Response:
    """The list."""
    query = read_message_query(request.query_params, context.project_id)
    rows, total, older = await _read(query, context)
    view = ConversationsPage(
        rows=tuple(_list_row(row) for row in rows),
        total=total,
        shown=query.shown,
        is_filtered=query.is_set,
        json_url=query.url("/conversations.json", query.before),
        newest_url=query.url("/conversations") if query.before else "",
        older_url=query.url("/conversations", place_text(older)) if older else "",
        searched_back_to=older.unix_nano if older is not None and len(rows) < LIMIT else 0,
    )
    return page("conversations.html", page=view, footer=await context.footer())


async def _read(query: MessageQuery, context: WebContext) -> tuple[list[ConversationLine], int, Place | None]:
    """A page of conversations, how many there are without the filter, and where the next page begins."""
    async with context.reader.freely_planned() as connection:
        rows, older = await read_conversations(connection, query.wanted, query.after(NEWEST_CONVERSATION), LIMIT)
        total = await conversation_count(connection, context.project_id)
    return rows, total, older


def _list_row(row: ConversationLine) -> ConversationListRow:
    return ConversationListRow(
        line=row,
        url=conversation_url(row.conversation_id),
        user_url=user_url(row.user_id) if row.user_id else "",
        steps_spoken=spoken(row.steps),
        is_cut=row.traces >= TRACES_TOLD_MAX,
        error_count=row.error_count,
        soft_error_count=row.soft_error_count,
        unanswered_count=row.unanswered_count,
        failed_span_count=row.failed_span_count,
        loop_count=row.loop_count,
    )
