"""`GET /v1/events/search`: events by keywords, or by a pattern within a range of time."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from tool_errors.signals.pattern import BadSignal, Pattern, compile_pattern
from trace_store.interactions.interaction_filters import Condition
from trace_store.interactions.interaction_reads import InteractionReads, Place
from trace_store.interactions.interaction_rows import InteractionRow
from trace_store.interactions.interaction_words import INPUT, OUTPUT
from trace_store.interactions.search_words import search_query
from web.context import WebContext, context_of
from web.lists.list_parameters import url_time
from web.query_api.answers import iso, page
from web.query_api.event_filters import FIELDS, event_conditions
from web.query_api.event_json import events_json
from web.query_api.events import place_after, signals_named
from web.query_api.parameters import Parameters, read_parameters
from web.query_api.project import ProjectId
from web.requests.errors import BadRequest

router = APIRouter(prefix="/v1/events")
Context = Annotated[WebContext, Depends(context_of)]
SEARCH_FIELDS = ("query", "mode", "search_in", "threshold", "limit", "cursor")
SIDES = {"user_input": INPUT, "assistant_output": OUTPUT}
MODES = ("text", "regex", "semantic")
DAY_NS = 86_400_000_000_000
LOOK_S_MAX = 3.0  # how long one request looks for a pattern; its cursor goes on from there
ROWS_PER_READ = 200


@router.get("/search")
async def search_events(request: Request, context: Context, project_id: ProjectId) -> Response:
    """Events whose input or output holds all words of `query`, newest first; `mode=regex` looks for a pattern."""
    parameters = read_parameters(request.query_params, (*FIELDS, *SEARCH_FIELDS))
    query, mode = parameters.text("query").strip(), parameters.choice("mode", MODES)
    if not query:
        raise BadRequest("query is needed: /v1/events/search?query=refund.")
    if mode == "semantic":
        raise BadRequest("mode=semantic does not exist here: use mode=text for keywords or mode=regex for a pattern.")
    _check_range(parameters, context.search_days_max, time.time_ns())
    sides = _sides(parameters)
    limit = parameters.limit()
    async with context.reader.at_one_moment() as connection:
        reads = InteractionReads(connection, project_id)
        conditions = event_conditions(parameters, await signals_named(connection, project_id, parameters))
        after = await place_after(reads, parameters.text("cursor"))
        meta: dict[str, Any] = {}
        if mode == "text":
            rows, following = await reads.with_words(_words(query), sides, conditions, after=after, limit=limit)
        else:
            rows, following, meta = await _by_pattern(
                reads, conditions, _pattern(parameters, query), sides, after, limit
            )
        found = await events_json(reads, rows)
    return page([event | {"relevance_score": 1.0} for event in found], following, **meta)


def _check_range(parameters: Parameters, days_max: int, now_unix_nano: int) -> None:
    """BadRequest for a range of more days than the server allows; without an end it goes on until now."""
    if not days_max:
        return
    times = [(one.operator, url_time("timestamp", one.value)) for one in parameters.all("timestamp")]
    begin = max((at for operator, at in times if operator in ("gt", "gte") and at is not None), default=None)
    end = min((at for operator, at in times if operator in ("lt", "lte") and at is not None), default=now_unix_nano)
    if begin is None or end - begin > days_max * DAY_NS:
        raise BadRequest(
            f"A search has a {days_max}-day date range limit here: give timestamp[gte]=..., and timestamp[lt]=... at "
            f"most {days_max} days later, or search one range after the other."
        )


def _sides(parameters: Parameters) -> tuple[int, ...]:
    names = [name.strip() for name in parameters.text("search_in", ",".join(SIDES)).split(",")]
    if not names or not set(names) <= set(SIDES):
        raise BadRequest(f"search_in is one or both of {', '.join(SIDES)}, with a comma between them.")
    return tuple(SIDES[name] for name in names)


def _words(query: str) -> str:
    asked = search_query(query)
    if not asked:
        raise BadRequest(f"query={query} holds no letter or digit to look for.")
    return asked


def _pattern(parameters: Parameters, query: str) -> Pattern:
    if not any(one.operator in ("gt", "gte") for one in parameters.all("timestamp")):
        raise BadRequest(
            "mode=regex reads every text of a range of time: give timestamp[gte]=..., and timestamp[lt]=... to end it."
        )
    try:
        return compile_pattern("regex", query)
    except BadSignal as error:
        raise BadRequest(str(error)) from None


async def _by_pattern(
    reads: InteractionReads,
    conditions: list[Condition],
    pattern: Pattern,
    sides: tuple[int, ...],
    after: Place | None,
    limit: int,
) -> tuple[list[InteractionRow], Place | None, dict[str, Any]]:
    """The events found, where to go on, and how far this request looked."""
    deadline = time.monotonic() + LOOK_S_MAX
    found: list[InteractionRow] = []
    looked_at, following = 0, after
    while len(found) < limit and time.monotonic() < deadline:
        rows, more = await reads.interactions(conditions, after=following, limit=ROWS_PER_READ)
        matches = await asyncio.to_thread(_matches, pattern, rows, sides)
        for row, is_match in zip(rows, matches, strict=True):
            looked_at += 1
            following = Place(row.start_unix_nano, row.event_id)
            if is_match:
                found.append(row)
                if len(found) == limit:
                    break
        else:
            if more is None:
                following = None
                break
    meta = {"looked_at": looked_at, "looked_until": following and iso(following.unix_nano)}
    return found, following, meta


def _matches(pattern: Pattern, rows: list[InteractionRow], sides: tuple[int, ...]) -> list[bool]:
    return [any(pattern.compiled.search(text) is not None for text in _texts(row, sides)) for row in rows]


def _texts(row: InteractionRow, sides: tuple[int, ...]) -> list[str]:
    return [text for side, text in ((INPUT, row.input), (OUTPUT, row.output)) if side in sides and text]
