"""`GET /v1/signals`, `/v1/signal-groups` and one of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from trace_store.interactions.interaction_reads import Place
from web.context import WebContext, context_of
from web.query_api.answers import answer, iso_of, page, read_cursor
from web.query_api.parameters import Parameters, read_parameters
from web.query_api.project import ProjectId
from web.query_api.signal_ids import KnownSignal, Signals, group_name, read_known_signals
from web.requests.errors import NotFound

router = APIRouter(prefix="/v1")
Context = Annotated[WebContext, Depends(context_of)]
FIELDS = ("limit", "cursor", "order_by")
EPOCH = datetime.fromisoformat("2026-01-01T00:00:00Z")


@router.get("/signals")
async def list_signals(request: Request, context: Context, project_id: ProjectId) -> Response:
    """All signals, newest first: one's own, the tools that fail, the loops, what applications post."""
    return _signals_page(request, (await _read(context, project_id)).known)


@router.get("/signals/{signal_id:path}")
async def get_signal(signal_id: str, context: Context, project_id: ProjectId) -> Response:
    """One signal, by id or name."""
    found = (await _read(context, project_id)).by_id(signal_id)
    if found is None:
        raise NotFound(f"No signal has the id {signal_id}; /v1/signals lists them.")
    return answer(found.json())


@router.get("/signal-groups")
async def list_groups(request: Request, context: Context, project_id: ProjectId) -> Response:
    """The groups that signals stand in, those with the newest first signal first."""
    parameters = read_parameters(request.query_params, FIELDS)
    signals = await _read(context, project_id)
    return _page(parameters, [(_group_place(each, signals), _group(each, signals)) for each in signals.groups()])


@router.get("/signal-groups/{group_id}")
async def get_group(group_id: str, context: Context, project_id: ProjectId) -> Response:
    """One group."""
    signals = await _read(context, project_id)
    return answer(_group(_known_group(group_id, signals), signals))


@router.get("/signal-groups/{group_id}/signals")
async def list_signals_of_group(group_id: str, request: Request, context: Context, project_id: ProjectId) -> Response:
    """The signals of a group, newest first."""
    signals = await _read(context, project_id)
    return _signals_page(request, signals.of_group(_known_group(group_id, signals)))


async def _read(context: WebContext, project_id: int) -> Signals:
    async with context.reader.freely_planned() as connection:
        return await read_known_signals(connection, project_id)


def _signals_page(request: Request, signals: Sequence[KnownSignal]) -> Response:
    return _page(read_parameters(request.query_params, FIELDS), [(_place(one), one.json()) for one in signals])


def _page(parameters: Parameters, rows: Sequence[tuple[Place, dict[str, Any]]]) -> Response:
    _, descending = parameters.order({"timestamp": "created_at", "created_at": "created_at"})
    ordered = sorted(rows, key=lambda pair: pair[0], reverse=descending)
    after = read_cursor(parameters.text("cursor"))
    if after is not None:
        ordered = [(place, row) for place, row in ordered if (place < after if descending else place > after)]
    limit = parameters.limit()
    shown = ordered[:limit]
    return page([row for _, row in shown], shown[-1][0] if len(ordered) > limit else None)


def _place(signal: KnownSignal) -> Place:
    return Place(_unix_nano(signal.created_at), signal.id)


def _group_place(group_id: str, signals: Signals) -> Place:
    return Place(_unix_nano(_begin(signals.of_group(group_id))), group_id)


def _begin(signals: Sequence[KnownSignal]) -> datetime:
    return min((one.created_at for one in signals), default=EPOCH)


def _unix_nano(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000


def _known_group(group_id: str, signals: Signals) -> str:
    known = signals.groups()
    if group_id not in known:
        raise NotFound(f"No group of signals has the id {group_id}: there are {', '.join(known)}.")
    return group_id


def _group(group_id: str, signals: Signals) -> dict[str, Any]:
    name, description = group_name(group_id)
    found = signals.of_group(group_id)
    return {
        "id": group_id,
        "name": name,
        "description": description,
        "org_id": "rainbarrel",
        "created_at": iso_of(_begin(found)),
        "signal_count": len(found),
    }
