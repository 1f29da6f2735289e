"""`/tools/{name}`: how one tool was defined over releases, with the JSON twin."""

from typing import Annotated
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Response

from web.api.tools import get_definitions
from web.context import WebContext, context_of
from web.rules.tool_history import read_tool_history, tool_url
from web.templating import page

router = APIRouter(prefix="/tools")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/{name:path}.json")
async def show_json(name: str, context: Context) -> Response:
    """The page as JSON."""
    return await get_definitions(name, context)


@router.get("/{name:path}")
async def show_tool(name: str, context: Context) -> Response:
    """The page."""
    history = await read_tool_history(context.reader, context.project_id, name.replace("\0", ""))
    schemas = [
        "" if step.row.schema is None else orjson.dumps(step.row.schema, option=orjson.OPT_INDENT_2).decode()
        for step in history.steps
    ]
    return page(
        "tool.html",
        history=history,
        definitions=tuple(zip(history.steps, schemas, strict=True)),
        issues_url=f"/issues?{urlencode({'tool': name})}",
        traces_url=f"/traces?{urlencode({'tool': name})}",
        json_url=f"{tool_url(name)}.json",
        footer=await context.footer(),
    )
