"""`GET /api/tools/{name}/definitions`: how a tool was defined over days and releases, and what changed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from web.context import WebContext, context_of
from web.requests.json_answers import json_answer
from web.rules.tool_history import history_json, read_tool_history

router = APIRouter(prefix="/api/tools")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/{name:path}/definitions")
async def get_definitions(name: str, context: Context) -> Response:
    """The newest 50, the newest first. See docs/api.md."""
    found = history_json(await read_tool_history(context.reader, context.project_id, name.replace("\0", "")))
    return json_answer(found)
