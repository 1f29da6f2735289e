"""`/interactions`: what users asked, newest first, with what happened in each; with its JSON twin."""

import time
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from trace_store.interaction_reads import Place
from trace_store.message_lists import NEWEST, InteractionFilter, InteractionLine, read_interactions
from web.context import WebContext, context_of
from web.errors import BadRequest
from web.interaction_view import user_url
from web.json_answers import json_answer
from web.list_parameters import LIMIT, RANGES_S
from web.list_view import conversation_url, spoken
from web.pages.users import read_place
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
_YES = {"1", "true", "yes", "on"}


@dataclass(frozen=True, slots=True)
class InteractionListRow:
    """One line of the list."""

    line: InteractionLine
    url: str  # of its first trace, else of its conversation or its user; "" without any of them
    user_url: str
    conversation_url: str
    steps_spoken: str
    cost_nano_usd: int | None

    error_count: int
    soft_error_count: int
    loop_count: int
    failed_span_count: int = 0  # an interaction counts its calls alone
    unanswered_count: int = 0


@dataclass(frozen=True, slots=True)
class InteractionsPage:
    """What the page prints."""

    rows: tuple[InteractionListRow, ...]
    shown: dict[str, str]  # the filter as it stands in the URL
    is_filtered: bool
    json_url: str
    traces_url: str
    newest_url: str  # "" on the first page
    older_url: str  # "" on the last page
    searched_back_to: int  # Unix nanoseconds: the search ended there and can go on; 0: it did not end early


@router.get("/interactions.json")
async def show_json(request: Request, context: Context) -> Response:
    """The list as JSON."""
    rows, older, _ = await _read(request.query_params, context)
    told = [row._asdict() | {"trace_ids": [trace_id.hex() for trace_id in row.trace_ids]} for row in rows]
    for row in told:
        row["start_unix_nano"] = str(row["start_unix_nano"])
    return json_answer({"interactions": told, "next": _place_text(older) or None, "shown": len(told)})


@router.get("/interactions")
async def show_interactions(request: Request, context: Context) -> Response:
    """The list."""
    rows, older, shown = await _read(request.query_params, context)
    told = {name: value for name, value in shown.items() if value}
    before = request.query_params.get("before", "")
    shared = {name: value for name, value in told.items() if name in ("q", "range", "errors", "loops")}
    view = InteractionsPage(
        rows=tuple(_list_row(row) for row in rows),
        shown=shown,
        is_filtered=bool(told),
        json_url=_url("/interactions.json", told | ({"before": before} if before else {})),
        traces_url=_url("/traces", shared),
        newest_url=_url("/interactions", told) if before else "",
        older_url=_url("/interactions", told | {"before": _place_text(older)}) if older else "",
        searched_back_to=older.unix_nano if older is not None and len(rows) < LIMIT else 0,
    )
    return page("interactions.html", page=view, footer=await context.footer())


async def _read(
    parameters: QueryParams, context: WebContext
) -> tuple[list[InteractionLine], Place | None, dict[str, str]]:
    """A page of interactions, where the next page begins, and the filter as it stands in the URL."""
    shown = {name: parameters.get(name, "").strip() for name in ("q", "range", "user")}
    shown |= {name: "1" if parameters.get(name, "").lower() in _YES else "" for name in ("errors", "loops")}
    if shown["range"] and shown["range"] not in RANGES_S:
        raise BadRequest(f"range={shown['range']} is none of {', '.join(RANGES_S)}.")
    wanted = InteractionFilter(
        context.project_id,
        since_unix_nano=time.time_ns() - RANGES_S[shown["range"]] * 1_000_000_000 if shown["range"] else 0,
        text=shown["q"].replace("\0", ""),
        user_id=shown["user"].replace("\0", "") or None,
        errors_only=bool(shown["errors"]),
        loops_only=bool(shown["loops"]),
    )
    before = parameters.get("before", "")
    after = Place(*read_place(before)) if before else NEWEST
    async with context.reader.freely_planned() as connection:
        rows, older = await read_interactions(connection, wanted, after, LIMIT)
    return rows, older, shown


def _list_row(row: InteractionLine) -> InteractionListRow:
    of_user = user_url(row.user_id) if row.user_id else ""
    of_conversation = conversation_url(row.conversation_id) if row.conversation_id else ""
    return InteractionListRow(
        line=row,
        url=f"/traces/{row.trace_ids[0].hex()}" if row.trace_ids else of_conversation or of_user,
        user_url=of_user,
        conversation_url=of_conversation,
        steps_spoken=spoken(row.steps),
        cost_nano_usd=None if row.cost_usd is None else round(row.cost_usd * 1e9),
        error_count=row.error_count,
        soft_error_count=row.soft_error_count,
        loop_count=row.loop_count,
    )


def _place_text(place: Place | None) -> str:
    return f"{place.unix_nano}.{place.id}" if place else ""


def _url(path: str, told: dict[str, str]) -> str:
    return path + (f"?{urlencode(told)}" if told else "")
