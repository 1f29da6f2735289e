"""`/tools/{name}`: what became of the calls of one tool and how it was defined over releases, with the JSON twin."""

from dataclasses import asdict, dataclass
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from trace_store.lists.tool_calls_near import read_durations, read_returned, with_span_bytes
from trace_store.lists.tool_stats import ToolStats, ToolWindow, read_tool_stats
from web.context import WebContext, context_of
from web.issues.issue_json import list_json
from web.issues.issue_parameters import read_issue_query
from web.issues.issue_reading import IssueList, read_issue_list
from web.issues.issue_view import issue_line
from web.lists.latency_heatmap import CallsUrl, Steps, counts_of, heatmap, heatmap_json, steps_of
from web.lists.returned_context import ReturnedContext, is_long, returned_context
from web.overview.time_window import TimeWindow, read_time_window
from web.pages.tools import RANGE, tool_line
from web.requests.json_answers import json_answer
from web.requests.names_in_paths import name_of_path
from web.rules.tool_history import history_json, read_tool_history, tool_url
from web.templating import page

router = APIRouter(prefix="/tools")
Context = Annotated[WebContext, Depends(context_of)]
RANGES = ("24h", "7d", "30d")
ISSUES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """What became of the calls within a time."""

    window: TimeWindow
    stats: ToolStats | None  # None: there was none
    issues: IssueList  # those with most events
    steps: Steps
    durations: list[list[int]]  # calls by step and range of duration
    returned: ReturnedContext | None  # None: no result is known


@router.get("/{name:path}.json")
async def show_json(name: str, request: Request, context: Context) -> Response:
    """The page as JSON."""
    name = name_of_path(name).replace("\0", "")
    calls = await _read_calls(name, request, context)
    history = await read_tool_history(context.reader, context.project_id, name)
    told = list_json(calls.issues, None)
    found = {
        "since_unix_nano": calls.window.since_unix_nano,
        "until_unix_nano": calls.window.until_unix_nano,
        "stats": None if calls.stats is None else asdict(calls.stats),
        "issues": told["issues"],
        "issues_total": told["total"],
        "durations": heatmap_json(calls.durations, calls.steps),
        "returned": None if calls.returned is None else asdict(calls.returned),
    }
    return json_answer(history_json(history) | found)


@router.get("/{name:path}")
async def show_tool(name: str, request: Request, context: Context) -> Response:
    """The page."""
    name = name_of_path(name).replace("\0", "")
    calls = await _read_calls(name, request, context)
    history = await read_tool_history(context.reader, context.project_id, name)
    schemas = [
        "" if step.row.schema is None else orjson.dumps(step.row.schema, option=orjson.OPT_INDENT_2).decode()
        for step in history.steps
    ]
    return page(
        "tool.html",
        history=history,
        definitions=tuple(zip(history.steps, schemas, strict=True)),
        line=None if calls.stats is None else tool_line(calls.stats, calls.window),
        heatmap=heatmap(calls.durations, calls.steps, _calls_url(name, calls.window)),
        returned=calls.returned,
        issues=tuple(issue_line(issue) for issue in calls.issues.issues),
        issues_total=calls.issues.total,
        ranges=tuple((words, calls.window.url(tool_url(name), {"range": words})) for words in RANGES),
        shown=calls.window.shown,
        issues_url=calls.window.url("/issues", {"tool": name}),
        traces_url=calls.window.url("/traces", {"tool": name}),
        json_url=calls.window.url(f"{tool_url(name)}.json"),
        footer=await context.footer(),
    )


def _calls_url(tool: str, window: TimeWindow) -> CallsUrl:
    """The lists of the tool's calls of a part of the time; what of the part lies outside of it was not counted."""

    def url(begin: int, end: int, query: str) -> str:
        begin, end = max(begin, window.since_unix_nano), min(end, window.until_unix_nano)
        return window.part_url("/tool-calls", begin, end, {"tool": tool, "q": query})

    return url


async def _read_calls(name: str, request: Request, context: WebContext) -> ToolCalls:
    window = read_time_window(request.query_params, RANGE)
    since, until = window.since_unix_nano, window.until_unix_nano
    wanted = ToolWindow(context.project_id, since, until, window.release, window.environment)
    async with context.reader.at_one_moment() as connection:
        tools = (await read_tool_stats(connection, wanted, 1, only=name)).tools
        steps = steps_of(since, until)
        durations = await read_durations(connection, wanted, name, steps.origin_unix_nano, steps.step_ns)
        results = await read_returned(connection, wanted, name)
        long = await with_span_bytes(connection, context.project_id, [each for each in results if is_long(each)])
    returned = returned_context([*(each for each in results if not is_long(each)), *long])
    asked = {"tool": name, "since": str(since), "until": str(until), "order": "events", "limit": str(ISSUES_SHOWN)}
    asked |= {part: window.shown[part] for part in ("release", "environment")}
    issues = await read_issue_list(context.reader, read_issue_query(QueryParams(asked), context.project_id))
    counts = counts_of(durations, steps)
    return ToolCalls(window, tools[0] if tools else None, issues, steps, counts, returned)
