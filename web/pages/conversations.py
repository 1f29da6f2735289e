"""`/conversations`: the list, the newest message first, with its JSON twin."""

from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Response

from trace_store.interaction_lists import conversation_count
from trace_store.interaction_reads import InteractionReads, Place
from trace_store.interaction_rows import ConversationRow
from web.context import WebContext, context_of
from web.interaction_view import user_url
from web.list_view import conversation_url
from web.pages.users import PAGE_ROWS, read_place
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """One row of the list."""

    row: ConversationRow
    url: str
    user_url: str  # "" without a user


@dataclass(frozen=True, slots=True)
class ConversationsPage:
    """What the list prints."""

    lines: tuple[ConversationLine, ...]
    total: int
    json_url: str
    newest_url: str  # "" on the first page
    older_url: str  # "" on the last page


@router.get("/conversations.json")
async def show_json(context: Context, before: str = "") -> Response:
    """The list as JSON."""
    rows, total, older = await _read(context, before)
    shown = [{name: value for name, value in asdict(row).items() if name != "project_id"} for row in rows]
    body = {"conversations": shown, "next": older or None, "shown": len(rows), "total": total}
    return Response(orjson.dumps(body), media_type="application/json")


@router.get("/conversations")
async def show_conversations(context: Context, before: str = "") -> Response:
    """The list."""
    rows, total, older = await _read(context, before)
    shown = ConversationsPage(
        lines=tuple(
            ConversationLine(row, conversation_url(row.conversation_id), user_url(row.user_id) if row.user_id else "")
            for row in rows
        ),
        total=total,
        json_url="/conversations.json" + (f"?{urlencode({'before': before})}" if before else ""),
        newest_url="/conversations" if before else "",
        older_url=f"/conversations?{urlencode({'before': older})}" if older else "",
    )
    return page("conversations.html", page=shown, footer=await context.footer())


async def _read(context: WebContext, before: str) -> tuple[list[ConversationRow], int, str]:
    """A page of conversations, how many there are, and where the next page begins ("": nowhere)."""
    after = Place(*read_place(before)) if before else None
    async with context.reader.freely_planned() as connection:
        reads = InteractionReads(connection, context.project_id)
        rows, older = await reads.conversations([], "last_unix_nano", descending=True, after=after, limit=PAGE_ROWS)
        total = await conversation_count(connection, context.project_id)
    return rows, total, f"{older[0]}.{older[1]}" if older else ""
