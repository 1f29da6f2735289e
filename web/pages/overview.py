"""`/`: how the agents of a project do within a time, each figure with the list behind it; twin: `/overview.json`."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from web.context import WebContext, context_of
from web.overview.overview_chart import read_chart_name
from web.overview.overview_reading import read_start_page
from web.overview.overview_view import overview_json, overview_page
from web.overview.time_window import read_time_window
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
RANGE = "24h"


@router.get("/")
async def show_overview(request: Request, context: Context) -> Response:
    """The page."""
    chart = read_chart_name(request.query_params.get("chart", ""))
    found = await read_start_page(context, read_time_window(request.query_params, RANGE))
    stats = await context.recent_stats()
    return page(
        "overview.html",
        page=overview_page(found, chart),
        trace_count=stats.traces,
        footer=await context.footer(),
    )


@router.get("/overview.json")
async def show_json(request: Request, context: Context) -> Response:
    """The page as JSON. See docs/api.md."""
    found = await read_start_page(context, read_time_window(request.query_params, RANGE), with_counts=True)
    return Response(orjson.dumps(overview_json(found)), media_type="application/json")
