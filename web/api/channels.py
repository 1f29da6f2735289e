"""`/api/channels`: list, add, test and remove channels; `/api/deliveries`: what became of messages."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tool_errors.delivery.channel_config import BadChannel, read_config, read_name, read_notices
from trace_store.alerts.channels import ChannelNameTaken, ChannelStore
from trace_store.alerts.outbox import DeliveryReader
from web.alerts.channel_test import send_test
from web.alerts.channel_view import DELIVERIES_MAX, channel_json, delivery_json
from web.context import WebContext, context_of
from web.requests.errors import BadRequest, Conflict, NotFound
from web.requests.form_posts import check_sender, read_form
from web.requests.json_answers import json_answer

router = APIRouter(prefix="/api")
Context = Annotated[WebContext, Depends(context_of)]
NO_CHANNEL = "There is no channel {}."


@router.get("/channels")
async def get_channels(context: Context) -> Response:
    """`{"channels": [...]}`, oldest first, without secrets."""
    found = await ChannelStore(context.pool).all(context.project_id)
    return json_answer({"channels": [channel_json(channel) for channel in found]})


@router.get("/deliveries")
async def get_deliveries(context: Context) -> Response:
    """The newest 50: `{"deliveries": [...], "shown", "total"}`."""
    found, total = await DeliveryReader(context.pool).newest(context.project_id, DELIVERIES_MAX)
    return json_answer({"deliveries": [delivery_json(one) for one in found], "shown": len(found), "total": total})


@router.post("/channels")
async def post_channel(request: Request, context: Context) -> Response:
    """Adds a channel from the fields of a form: `kind`, `name` and what the kind needs; `{"id": ...}`."""
    return json_answer({"id": await add_channel(context, await read_form(request))}, 201)


@router.post("/channels/{channel_id}/test")
async def post_test(channel_id: int, request: Request, context: Context) -> Response:
    """Sends a test message and waits for what comes of it: `{"delivered", "sentence", "delivery_id"}`."""
    check_sender(request)
    await channel_name(context, channel_id)
    return json_answer(asdict(await send_test(DeliveryReader(context.pool), context.project_id, channel_id)))


@router.delete("/channels/{channel_id}")
async def delete_channel(channel_id: int, request: Request, context: Context) -> Response:
    """Removes the channel with its deliveries."""
    check_sender(request)
    await remove_channel(context, channel_id)
    return json_answer({"removed": channel_id})


async def add_channel(context: WebContext, form: dict[str, str]) -> int:
    """The id of the new channel; BadRequest or Conflict says what is wrong."""
    try:
        name, kind = read_name(form.get("name", "")), form.get("kind", "")
        config, notices = read_config(kind, form), read_notices(form)
    except BadChannel as error:
        raise BadRequest(str(error)) from error
    try:
        return await ChannelStore(context.pool).add(context.project_id, kind, name, config, notices)
    except ChannelNameTaken as error:
        raise Conflict(str(error)) from error


async def channel_name(context: WebContext, channel_id: int) -> str:
    """The name of a channel; NotFound."""
    channel = None
    if 0 < channel_id < 2**63:
        channel = await ChannelStore(context.pool).one(context.project_id, channel_id)
    if channel is None:
        raise NotFound(NO_CHANNEL.format(channel_id))
    return channel.name


async def remove_channel(context: WebContext, channel_id: int) -> None:
    """Removes a channel; NotFound."""
    await channel_name(context, channel_id)
    await ChannelStore(context.pool).remove(context.project_id, channel_id)
