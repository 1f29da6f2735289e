"""Reads what the start page shows: figures, top issues and top tools of one time with the same filters."""

from dataclasses import dataclass

from starlette.datastructures import QueryParams

from trace_store.lists.overview import OverviewFigures, OverviewWindow, read_overview
from trace_store.lists.tool_stats import ToolList, ToolWindow, read_tool_stats
from web.context import WebContext
from web.issues.issue_parameters import read_issue_query
from web.issues.issue_reading import IssueList, read_issue_list
from web.overview.time_window import NANOSECONDS, TimeWindow

STEPS_MAX = 50
ISSUES_SHOWN = 7
TOOLS_SHOWN = 7
_HOUR, _DAY = 3600, 86_400
STEPS_S = (
    *(10, 30, 60, 120, 300, 600, 900),
    *(_HOUR, 2 * _HOUR, 4 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 7 * _DAY, 28 * _DAY),
)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page and its twin are made of."""

    window: TimeWindow
    figures: OverviewFigures
    issues: IssueList
    tools: ToolList


def step_of(length_ns: int) -> int:
    """The shortest step, in seconds, of which a time has at most 50."""
    for step_s in STEPS_S:
        if length_ns <= STEPS_MAX * step_s * NANOSECONDS:
            return step_s
    return -(-length_ns // (STEPS_MAX * _DAY * NANOSECONDS)) * _DAY


async def read_start_page(context: WebContext, window: TimeWindow, *, with_counts: bool = False) -> Overview:
    """Everything, over one connection after the other; `with_counts` tells more of issues than the page shows."""
    since, until = window.since_unix_nano, window.until_unix_nano
    filters = (window.release, window.environment)
    wanted = OverviewWindow(context.project_id, since, until, step_of(until - since), *filters)
    async with context.reader.at_one_moment() as connection:
        figures = await read_overview(connection, wanted)
        tools = await read_tool_stats(connection, ToolWindow(context.project_id, since, until, *filters), TOOLS_SHOWN)
    asked = {"since": str(since), "until": str(until), "order": "events", "limit": str(ISSUES_SHOWN)}
    asked |= {name: window.shown[name] for name in ("release", "environment")}
    query = read_issue_query(QueryParams(asked), context.project_id)
    issues = await read_issue_list(context.reader, query, with_counts=with_counts)
    return Overview(window, figures, issues, tools)
