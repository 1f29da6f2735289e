"""`/conversations/{id}`: all traces of a conversation as one read, with the JSON twin."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from web.api.conversations import PARTS_LIMIT, conversation_rows, get_conversation
from web.context import WebContext, context_of
from web.conversations.conversation_lanes import build_lanes
from web.conversations.conversation_reading import read_steps
from web.conversations.conversation_view import build_conversation
from web.lists.list_view import conversation_url
from web.requests.names_in_paths import name_of_path
from web.templating import page

router = APIRouter(prefix="/conversations")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/{name:path}.json")
async def show_json(name: str, context: Context, offset: int = 0, limit: int = PARTS_LIMIT) -> Response:
    """The page as JSON."""
    return await get_conversation(name_of_path(name), context, offset, limit)


@router.get("/{name:path}")
async def show_conversation(name: str, context: Context, offset: int = 0, failures: bool = False) -> Response:
    """The page, from trace number `offset` on; with `failures` only what went wrong."""
    name = name_of_path(name)
    rows = await conversation_rows(context, name, offset, PARTS_LIMIT)
    lanes = build_lanes(rows, await read_steps(context.reader, rows), only_failures=failures)
    view = build_conversation(rows, conversation_url(name), PARTS_LIMIT, lanes, only_failures=failures)
    return page("conversation.html", page=view, footer=await context.footer())
