"""`/interactions`: what users asked, newest first, with what happened in each; with its JSON twin."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from trace_store.interactions.interaction_reads import Place
from trace_store.lists.message_lists import NEWEST, InteractionLine, read_interactions
from web.context import WebContext, context_of
from web.conversations.interaction_view import user_url
from web.lists.list_parameters import LIMIT
from web.lists.list_tabs import tabs_of_interactions
from web.lists.list_view import conversation_url, spoken
from web.lists.message_filter import MessageQuery, read_message_query
from web.lists.places import place_text
from web.pages.facet_models import ListTab
from web.requests.json_answers import json_answer
from web.templating import page
from web.trace.trace_url import trace_url

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]


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
    tabs: tuple[ListTab, ...]
    newest_url: str  # "" on the first page
    older_url: str  # "" on the last page
    searched_back_to: int  # Unix nanoseconds: the search ended there and can go on; 0: it did not end early


@router.get("/interactions.json")
async def show_json(request: Request, context: Context) -> Response:
    """The list as JSON."""
    rows, older = await _read(read_message_query(request.query_params, context.project_id), context)
    told = [row._asdict() | {"trace_ids": [trace_id.hex() for trace_id in row.trace_ids]} for row in rows]
    for row in told:
        row["start_unix_nano"] = str(row["start_unix_nano"])
    return json_answer({"interactions": told, "next": place_text(older) or None, "shown": len(told)})


@router.get("/interactions")
async def show_interactions(request: Request, context: Context) -> Response:
    """The list."""
    query = read_message_query(request.query_params, context.project_id)
    rows, older = await _read(query, context)
    view = InteractionsPage(
        rows=tuple(_list_row(row) for row in rows),
        shown=query.shown,
        is_filtered=query.is_set,
        json_url=query.url("/interactions.json", query.before),
        tabs=tabs_of_interactions(query.shown),
        newest_url=query.url("/interactions") if query.before else "",
        older_url=query.url("/interactions", place_text(older)) if older else "",
        searched_back_to=older.unix_nano if older is not None and len(rows) < LIMIT else 0,
    )
    return page("interactions.html", page=view, footer=await context.footer())


async def _read(query: MessageQuery, context: WebContext) -> tuple[list[InteractionLine], Place | None]:
    async with context.reader.freely_planned() as connection:
        return await read_interactions(connection, query.wanted, query.after(NEWEST), LIMIT)


def _list_row(row: InteractionLine) -> InteractionListRow:
    of_user = user_url(row.user_id) if row.user_id else ""
    of_conversation = conversation_url(row.conversation_id) if row.conversation_id else ""
    return InteractionListRow(
        line=row,
        url=trace_url(row.trace_ids[0]) if row.trace_ids else of_conversation or of_user,
        user_url=of_user,
        conversation_url=of_conversation,
        steps_spoken=spoken(row.steps),
        cost_nano_usd=None if row.cost_usd is None else round(row.cost_usd * 1e9),
        error_count=row.error_count,
        soft_error_count=row.soft_error_count,
        loop_count=row.loop_count,
    )
