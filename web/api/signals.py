"""`GET` and `POST /api/signals`, `PATCH` and `DELETE /api/signals/{id}`: signals that are derived, and one's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from web.alerts.signal_changes import forget_signal, read_signal, save_signal, switch
from web.alerts.signal_reading import read_signal_list, signals_json
from web.context import WebContext, context_of
from web.requests.errors import BadRequest
from web.requests.form_posts import check_origin
from web.requests.json_answers import json_answer
from web.requests.request_body import read_object

router = APIRouter(prefix="/api/signals")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("")
async def list_signals(request: Request, context: Context) -> Response:
    """All signals with their counts of the last `24h`, `7d` or `30d`."""
    return json_answer(signals_json(await read_signal_list(context, request.query_params.get("range", "7d"))))


@router.post("")
async def post_signal(request: Request, context: Context) -> Response:
    """Saves `{"name", "kind", "pattern", "search_in", "sentiment"}`; 201 and its id."""
    check_origin(request)
    wanted = read_signal(await read_object(request, '{"name": "refunds", "pattern": "money back"}'))
    return json_answer({"id": await save_signal(context, wanted)}, 201)


@router.patch("/{signal_id}")
async def patch_signal(signal_id: str, request: Request, context: Context) -> Response:
    """Switches a signal: `{"is_enabled": false}`."""
    check_origin(request)
    said = await read_object(request, '{"is_enabled": false}')
    if said.keys() != {"is_enabled"} or not isinstance(said["is_enabled"], bool):
        raise BadRequest('A signal can be switched, and nothing else: {"is_enabled": true} or false.')
    await switch(context, signal_id, is_enabled=said["is_enabled"])
    return json_answer({"id": signal_id, "is_enabled": said["is_enabled"]})


@router.delete("/{signal_id}")
async def delete_signal(signal_id: str, request: Request, context: Context) -> Response:
    """Removes a signal with its matches."""
    check_origin(request)
    await forget_signal(context, signal_id)
    return Response(status_code=204)
