"""`/tools`: what became of the calls of each tool within a time, with the JSON twin."""

import time
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from trace_store.tool_stats import ToolList, ToolStats, read_tool_stats
from web.context import WebContext, context_of
from web.errors import BadRequest
from web.list_parameters import RANGES_S
from web.templating import page
from web.tool_history import tool_url

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
Within = Annotated[str, Query(alias="range")]
RANGE = "7d"
CALLERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ToolLine:
    """One row of the page."""

    tool: ToolStats
    issues_url: str
    traces_url: str
    url: str  # how it was defined
    callers: tuple[str, ...]
    more_callers: int


@dataclass(frozen=True, slots=True)
class ToolsPage:
    """What the page prints."""

    lines: tuple[ToolLine, ...]
    found: ToolList
    range: str
    json_url: str


@router.get("/tools.json")
async def show_json(context: Context, within: Within = "") -> dict[str, object]:
    """The page as JSON: `{"tools": [...], "shown", "total", "calls_looked_at", "is_cut"}`."""
    found = await _read(context, within)
    return {
        "tools": [asdict(tool) for tool in found.tools],
        "shown": len(found.tools),
        "total": found.total,
        "calls_looked_at": found.calls_looked_at,
        "is_cut": found.is_cut,
    }


@router.get("/tools")
async def show_tools(request: Request, context: Context, within: Within = "") -> Response:
    """The page."""
    found = await _read(context, within)
    shown = ToolsPage(
        lines=tuple(_line(tool, within or RANGE) for tool in found.tools),
        found=found,
        range=within or RANGE,
        json_url="/tools.json" + (f"?{urlencode({'range': within})}" if within else ""),
    )
    origin = f"{request.url.scheme}://{request.url.netloc}"
    return page("tools.html", page=shown, origin=origin, footer=await context.footer())


async def _read(context: WebContext, within: str) -> ToolList:
    if within and within not in RANGES_S:
        raise BadRequest(f"range={within} is none of {', '.join(RANGES_S)}.")
    now = time.time_ns()
    since = now - RANGES_S[within or RANGE] * 1_000_000_000
    async with context.reader.freely_planned() as connection:
        return await read_tool_stats(connection, context.project_id, since, now + 1_000_000_000)


def _line(tool: ToolStats, within: str) -> ToolLine:
    where = urlencode({"tool": tool.name, "range": within})
    shown = tool.callers[:CALLERS_SHOWN]
    return ToolLine(
        tool, f"/issues?{where}", f"/traces?{where}", tool_url(tool.name), shown, len(tool.callers) - len(shown)
    )
