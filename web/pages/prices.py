"""`/settings/prices`: the price table in use and the models that are without a price, with its JSON twin."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tool_errors.prices.prices_in_use import prices_in_use
from trace_store.lists.price_reads import UnpricedModel
from web.context import WebContext, context_of
from web.requests.page_urls import url_with
from web.rules.price_view import PriceRow, matching, price_json, price_rows, unpriced_json
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
UNPRICED_MAX = 100


@dataclass(frozen=True, slots=True)
class PricesPage:
    """What the page prints."""

    q: str
    rows: tuple[PriceRow, ...]
    shown: int  # prices; one with a second tier has two rows
    total: int
    unpriced: tuple[UnpricedModel, ...]
    unpriced_total: int
    price_file: str  # the user's, "" without one
    json_url: str


@router.get("/prices.json")
async def show_json(context: Context, q: str = "") -> dict[str, object]:
    """The page as JSON: `{"prices": [...], "shown", "total", "unpriced_models": [...], "unpriced_total", ...}`."""
    table = prices_in_use()
    found = matching(table, q)
    unpriced, unpriced_total = await context.reader.unpriced_models(context.project_id, UNPRICED_MAX)
    return {
        "prices": [price_json(price) for price in found],
        "shown": len(found),
        "total": sum(1 for _ in table),
        "unpriced_models": [unpriced_json(model) for model in unpriced],
        "unpriced_shown": len(unpriced),
        "unpriced_total": unpriced_total,
        "price_file": context.price_file or None,
    }


@router.get("/prices")
async def show_prices(request: Request, context: Context, q: str = "") -> Response:
    """The page."""
    table = prices_in_use()
    found = matching(table, q)
    unpriced, unpriced_total = await context.reader.unpriced_models(context.project_id, UNPRICED_MAX)
    shown = PricesPage(
        q=q,
        rows=price_rows(found),
        shown=len(found),
        total=sum(1 for _ in table),
        unpriced=tuple(unpriced),
        unpriced_total=unpriced_total,
        price_file=context.price_file,
        json_url=url_with("/settings/prices.json", {"q": q}),
    )
    return page("prices.html", page=shown, footer=await context.footer())
