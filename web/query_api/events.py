"""`GET /v1/events`, one of them, and what they come to: counts, time series, facets."""

from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Depends, Request, Response

from trace_store.interactions.interaction_counts import FACETS, CountBy, InteractionCounts, Interval, Reach
from trace_store.interactions.interaction_reads import InteractionReads, Place
from web.context import WebContext, context_of
from web.query_api.answers import answer, iso, iso_of, page, read_cursor
from web.query_api.event_filters import FIELDS, event_conditions, needs_signals
from web.query_api.event_json import events_json
from web.query_api.parameters import Parameters, read_parameters
from web.query_api.project import ProjectId
from web.query_api.signal_ids import Signals, read_known_signals
from web.requests.errors import NotFound

router = APIRouter(prefix="/v1/events")
Context = Annotated[WebContext, Depends(context_of)]
COUNT_BY: tuple[str, ...] = get_args(CountBy)
INTERVALS = ("day", *(name for name in get_args(Interval) if name != "day"))
FACET_FIELDS = (*FACETS, "tool", "signal")
FACET_LIMIT = 20


@router.get("")
async def list_events(request: Request, context: Context, project_id: ProjectId) -> Response:
    """Events by time, newest first unless `order_by=timestamp`."""
    parameters = read_parameters(request.query_params, (*FIELDS, "limit", "cursor", "order_by"))
    _, descending = parameters.order({"timestamp": "start_unix_nano"})
    async with context.reader.at_one_moment() as connection:
        reads = InteractionReads(connection, project_id)
        conditions = event_conditions(parameters, await signals_named(connection, project_id, parameters))
        after = await place_after(reads, parameters.text("cursor"))
        rows, following = await reads.interactions(
            conditions, descending=descending, after=after, limit=parameters.limit()
        )
        return page(await events_json(reads, rows), following)


@router.get("/count")
async def count_events(request: Request, context: Context, project_id: ProjectId) -> Response:
    """How many events, or how many users or conversations they have: `{"total": n}`."""
    parameters = read_parameters(request.query_params, (*FIELDS, "count_by"))
    count_by = cast(CountBy, parameters.choice("count_by", COUNT_BY))
    async with context.reader.at_one_moment() as connection:
        conditions = event_conditions(parameters, await signals_named(connection, project_id, parameters))
        total, reach = await InteractionCounts(connection, project_id).count(conditions, count_by)
    return answer({"total": total}, _reach_json(reach) or None)


@router.get("/timeseries")
async def timeseries(request: Request, context: Context, project_id: ProjectId) -> Response:
    """Events per minute, hour, day, week or month in UTC; steps without any are left out."""
    parameters = read_parameters(request.query_params, (*FIELDS, "count_by", "interval"))
    interval = cast(Interval, parameters.choice("interval", INTERVALS))
    count_by = cast(CountBy, parameters.choice("count_by", COUNT_BY))
    async with context.reader.at_one_moment() as connection:
        conditions = event_conditions(parameters, await signals_named(connection, project_id, parameters))
        steps, reach = await InteractionCounts(connection, project_id).timeseries(conditions, count_by, interval)
    buckets = [{"timestamp": iso_of(step), "count": count} for step, count in steps]
    total = sum(count for _, count in steps)
    return answer({"buckets": buckets, "total": total}, {"interval": interval} | _reach_json(reach))


@router.get("/facets")
async def facets(request: Request, context: Context, project_id: ProjectId) -> Response:
    """The values of a field that most events have: event_name, user_id, signal, model, release, environment, tool."""
    parameters = read_parameters(request.query_params, (*FIELDS, "field", "count_by", "limit"))
    field = parameters.choice("field", FACET_FIELDS)
    count_by = cast(CountBy, parameters.choice("count_by", COUNT_BY))
    limit = parameters.limit(FACET_LIMIT)
    async with context.reader.at_one_moment() as connection:
        counts = InteractionCounts(connection, project_id)
        is_of_signals = field == "signal" or needs_signals(parameters)
        signals = await read_known_signals(connection, project_id) if is_of_signals else Signals(())
        conditions = event_conditions(parameters, signals)
        if field == "signal":
            by_name, reach = await counts.facets_of_signals(conditions, count_by)
            pairs = [(one.id, by_name.get((one.kind, one.key), 0)) for one in signals.known]
            found = sorted((pair for pair in pairs if pair[1]), key=lambda pair: (-pair[1], pair[0]))[:limit]
        else:
            found, reach = await counts.facets(conditions, field, count_by, limit)
    return answer([{"value": value, "count": count} for value, count in found], _reach_json(reach) or None)


@router.get("/{event_id:path}")
async def get_event(event_id: str, context: Context, project_id: ProjectId) -> Response:
    """One event."""
    return answer(await read_event(context, project_id, event_id))


async def read_event(context: WebContext, project_id: int, event_id: str) -> dict[str, Any]:
    """One event as JSON; NotFound for an unknown one."""
    async with context.reader.freely_planned() as connection:
        reads = InteractionReads(connection, project_id)
        row = await reads.one(event_id.replace("\0", ""))
        if row is None:
            raise NotFound(f"No event has the id {event_id}.")
        return (await events_json(reads, [row]))[0]


async def place_after(reads: InteractionReads, cursor: str) -> Place | None:
    """Where a page begins: after the place of our cursor, after the event of this id, else at the start."""
    if not cursor:
        return None
    return read_cursor(cursor) or await reads.place_of(cursor.replace("\0", ""))


async def signals_named(connection: Any, project_id: int, parameters: Parameters) -> Signals:
    """The signals of the project where the request names some, else none: finding them reads all feedback."""
    return await read_known_signals(connection, project_id) if needs_signals(parameters) else Signals(())


def _reach_json(reach: Reach | None) -> dict[str, Any]:
    """What `meta` says of an answer that looked at a part of its range; nothing of an exact one."""
    if reach is None:
        return {}
    return {"approximate": True, "looked_at": reach.interactions, "since": iso(reach.since_unix_nano)}
