"""`/traces/differences`: what is different about the failing traces of a filter, with its JSON twin."""

from dataclasses import asdict, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from web.context import WebContext, context_of
from web.lists.differences import Difference, Differences, differences
from web.lists.filter_chips import filter_chips
from web.lists.list_facets import TITLES, VALUES_MAX, adding
from web.lists.list_parameters import ListQuery, read_list_query, read_shown, status_left_out
from web.lists.list_tabs import list_tabs
from web.pages.facet_models import DifferenceLine, DifferencesPage, ListFilter
from web.requests.errors import BadRequest
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
Of = Literal["failing", "loop"]
PATH = "/traces/differences"


@router.get(PATH)
async def show_differences(request: Request, context: Context, of: Of = "failing") -> Response:
    """The page; a filter that cannot be read stays in its field, with what is wrong below."""
    footer = await context.footer()
    try:
        query = read_list_query(request.query_params, context.project_id)
    except BadRequest as error:
        shown = read_shown(request.query_params)
        tabs = list_tabs("/traces", shown)
        refused = DifferencesPage(shown, of, PATH, f"{PATH}.json", tabs, fault=error.sentence)
        return page("differences.html", 400, page=refused, footer=footer)
    compared = status_left_out(query)
    found = differences(await context.reader.facets(compared.wanted, VALUES_MAX, of))
    return page("differences.html", page=_page(query, compared, found, of), footer=footer)


@router.get(f"{PATH}.json")
async def show_json(request: Request, context: Context, of: Of = "failing") -> Response:
    """The page as JSON."""
    compared = status_left_out(read_list_query(request.query_params, context.project_id))
    found = differences(await context.reader.facets(compared.wanted, VALUES_MAX, of))
    return json_answer(
        {
            "of": of,
            "failing": found.of_failing,
            "rest": found.of_rest,
            "is_cut": found.is_cut,
            "compared": found.compared,
            "more": [_line_json(line) for line in found.more],
            "less": [_line_json(line) for line in found.less],
        }
    )


def _line_json(line: Difference) -> dict[str, object]:
    shares = {"share_failing": line.share_failing, "share_rest": line.share_rest, "difference": line.difference}
    return asdict(line) | shares


def _page(query: ListQuery, compared: ListQuery, found: Differences, of: Of) -> DifferencesPage:
    def lines(differing: tuple[Difference, ...]) -> tuple[DifferenceLine, ...]:
        return tuple(_line(compared, each, of) for each in differing)

    return DifferencesPage(
        filter=query.shown,
        of=of,
        list_url=query.url("/traces"),
        json_url=_with_of(query.url(f"{PATH}.json"), of),
        tabs=list_tabs("/traces", query.shown),
        failing_url=_with_of(query.url(PATH), "failing"),
        loop_url=_with_of(query.url(PATH), "loop"),
        chips=tuple(replace(chip, url=_with_of(chip.url, of)) for chip in filter_chips(query, PATH)),
        is_status_left_out=compared.wanted != query.wanted,
        more=lines(found.more),
        less=lines(found.less),
        compared=found.compared,
        failing=found.of_failing,
        rest=found.of_rest,
        is_cut=found.is_cut,
    )


def _line(query: ListQuery, each: Difference, of: Of) -> DifferenceLine:
    narrowed: ListFilter = replace(query.shown, errors=of == "failing", loops=of == "loop")
    return DifferenceLine(
        field=TITLES[each.field],
        value=each.value,
        failing=each.failing,
        rest=each.rest,
        share_failing=each.share_failing,
        share_rest=each.share_rest,
        difference=each.difference,
        low=each.low,
        high=each.high,
        url=adding(replace(query, shown=narrowed), each.field, each.value),
    )


def _with_of(url: str, of: Of) -> str:
    return url if of == "failing" else f"{url}{'&' if '?' in url else '?'}of={of}"
