"""`/tools`: what became of the calls of each tool within a time, with the JSON twin."""

from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.lists.tool_stats import ToolList, ToolStats, ToolWindow, read_tool_stats
from web.context import WebContext, context_of
from web.overview.time_window import TimeWindow, read_time_window
from web.rules.tool_history import tool_url
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
RANGE = "7d"
CALLERS_SHOWN = 3
STATES = ("", "failing", "error", "soft_error", "unanswered", "loop")


@dataclass(frozen=True, slots=True)
class ToolLine:
    """One row of the page."""

    tool: ToolStats
    issues_url: str
    traces_url: str
    calls_urls: dict[str, str]  # by state of the call, "" for all of them: the list of tool calls
    url: str  # how it was defined
    callers: tuple[str, ...]
    more_callers: int


@dataclass(frozen=True, slots=True)
class ToolsPage:
    """What the page prints."""

    lines: tuple[ToolLine, ...]
    found: ToolList
    shown: dict[str, str]
    filters: tuple[tuple[str, str], ...]  # words, and the URL without it
    json_url: str


@router.get("/tools.json")
async def show_json(request: Request, context: Context) -> dict[str, object]:
    """The page as JSON: `{"tools": [...], "shown", "total", "calls_looked_at"}`."""
    found = await _read(context, read_time_window(request.query_params, RANGE))
    return {
        "tools": [asdict(tool) for tool in found.tools],
        "shown": len(found.tools),
        "total": found.total,
        "calls_looked_at": found.calls,
    }


@router.get("/tools")
async def show_tools(request: Request, context: Context) -> Response:
    """The page."""
    window = read_time_window(request.query_params, RANGE)
    found = await _read(context, window)
    shown = ToolsPage(
        lines=tuple(tool_line(tool, window) for tool in found.tools),
        found=found,
        shown=window.shown,
        filters=tuple(
            (f"{name} {window.shown[name]}", window.url("/tools", {name: ""}))
            for name in ("since", "until", "release", "environment")
            if window.shown[name]
        ),
        json_url=window.url("/tools.json"),
    )
    return page("tools.html", page=shown, footer=await context.footer())


async def _read(context: WebContext, window: TimeWindow) -> ToolList:
    wanted = ToolWindow(
        context.project_id, window.since_unix_nano, window.until_unix_nano, window.release, window.environment
    )
    async with context.reader.at_one_moment() as connection:
        return await read_tool_stats(connection, wanted)


def tool_line(tool: ToolStats, window: TimeWindow) -> ToolLine:
    """A tool with the lists behind its numbers."""
    where = {"tool": tool.name}
    shown = tool.callers[:CALLERS_SHOWN]
    issues_url, traces_url = window.url("/issues", where), window.url("/traces", where)
    calls_urls = {
        status: window.url("/tool-calls", where | {"q": f"status:{status}" if status else ""}) for status in STATES
    }
    return ToolLine(
        tool, issues_url, traces_url, calls_urls, tool_url(tool.name), shown, len(tool.callers) - len(shown)
    )
