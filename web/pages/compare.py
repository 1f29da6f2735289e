"""`/compare`: two traces step by step; `/compare/cohorts`: two groups of traces; each with its JSON twin."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from trace_store.lists.trace_filter import TraceFilter
from web.compare.cohorts import BY, cohorts_json, compare_cohorts, read_cohort_query
from web.compare.traces import TraceComparison, compare_sides, comparison_json, read_side
from web.context import WebContext, context_of
from web.lists.list_view import list_row
from web.lists.typed_ids import read_typed_ids
from web.pages.view_models import TraceListRow
from web.requests.errors import BadRequest, NotFound
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter(prefix="/compare")
OTHERS_MAX = 20
Context = Annotated[WebContext, Depends(context_of)]


@dataclass(frozen=True, slots=True)
class ComparePage:
    """What the template prints: two traces, or a form that asks for what is missing."""

    a: str  # as typed
    b: str
    found: TraceComparison | None
    others: tuple[TraceListRow, ...]  # to choose the second from
    json_url: str
    swap_url: str


@router.get(".json")
async def show_json(context: Context, a: str = "", b: str = "") -> Response:
    """The page as JSON; both traces are needed."""
    if not a or not b:
        raise BadRequest("Two traces are needed: /compare.json?a=TRACE_ID&b=TRACE_ID.")
    return json_answer(comparison_json(await _compare(context, a, b)))


@router.get("")
async def show_comparison(context: Context, a: str = "", b: str = "") -> Response:
    """The page; without both traces a form that asks for them."""
    found = await _compare(context, a, b) if a.strip() and b.strip() else None
    urls = (f"/compare.json?{urlencode({'a': a, 'b': b})}", f"/compare?{urlencode({'a': b, 'b': a})}")
    others = await _others(context, a) if a.strip() and not b.strip() else ()
    return page("compare.html", page=ComparePage(a, b, found, others, *urls), footer=await context.footer())


@router.get("/cohorts.json")
async def show_cohorts_json(request: Request, context: Context) -> Response:
    """The page as JSON."""
    return json_answer(cohorts_json(await compare_cohorts(context, read_cohort_query(request.query_params))))


@router.get("/cohorts")
async def show_cohorts(request: Request, context: Context) -> Response:
    """The page of two groups."""
    found = await compare_cohorts(context, read_cohort_query(request.query_params))
    query = found.query
    return page(
        "compare_cohorts.html",
        page=found,
        by_names=BY,
        json_url=query.url("/compare/cohorts.json"),
        swap_url=query.url("/compare/cohorts", a=query.b, b=query.a),
        footer=await context.footer(),
    )


async def _others(context: WebContext, a: str) -> tuple[TraceListRow, ...]:
    """The newest traces beside the one that is chosen."""
    rows, _ = await context.reader.list_traces(TraceFilter(context.project_id), limit=OTHERS_MAX)
    return tuple(list_row(row) for row in rows if row.trace_id.hex() != a.strip().lower())


async def _compare(context: WebContext, a: str, b: str) -> TraceComparison:
    sides = []
    for text in (a, b):
        ids = read_typed_ids(text).traces
        if not ids:
            raise BadRequest(f"{text} is no trace id: 32 hexadecimal digits are needed.")
        side = await read_side(context.reader, context.trace_key(ids[0].hex()))
        if side is None:
            raise NotFound(f"No trace {ids[0].hex()} is stored: it was never received, or its retention is over.")
        sides.append(side)
    return compare_sides(*sides)
