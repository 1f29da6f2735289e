"""`/settings/channels`: where messages go: list, add, test, remove, and what became of the last messages."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from tool_errors.delivery.channel_config import BadChannel, read_notices
from trace_store.alerts.channels import KINDS, ChannelStore
from trace_store.alerts.outbox import DeliveryReader
from web.alerts.channel_test import ChannelTest, send_test
from web.alerts.channel_view import DELIVERIES_MAX, DeliveryView, channel_json, delivery_json, delivery_view
from web.api.channels import add_channel, channel_name, remove_channel
from web.context import WebContext, context_of
from web.requests.errors import WebError
from web.requests.form_posts import read_form
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
LABELS = {"slack": "Slack", "teams": "Microsoft Teams", "webhook": "Webhook", "email": "Email"}
SECRETS = ("url", "secret", "username", "password")  # fields that no answer repeats


@dataclass(frozen=True, slots=True)
class ChannelsPage:
    """What the template prints."""

    channels: tuple[dict[str, Any], ...]
    deliveries: tuple[DeliveryView, ...]
    total: int  # of deliveries
    kind: str  # whose form to add one is shown
    form: dict[str, str]  # what was typed, but for secrets
    error: str = ""
    notice: str = ""
    tested: ChannelTest | None = None
    tested_name: str = ""


@router.get("/channels")
async def show_channels(context: Context, kind: str = "slack", done: str = "") -> Response:
    """The page; `kind` chooses the form."""
    notices = {"added": "The channel is added: send it a test message.", "removed": "The channel is removed."}
    notices["changed"] = "The channel is changed."
    return await _answer(context, kind, notice=notices.get(done, ""))


@router.get("/channels.json")
async def show_json(context: Context) -> Response:
    """The page as JSON."""
    channels = await ChannelStore(context.pool).all(context.project_id)
    deliveries, total = await DeliveryReader(context.pool).newest(context.project_id, DELIVERIES_MAX)
    body = {
        "channels": [channel_json(one) for one in channels],
        "deliveries": [delivery_json(one) for one in deliveries],
    }
    return json_answer({**body, "shown": len(deliveries), "total": total})


@router.post("/channels")
async def post_channel(request: Request, context: Context) -> Response:
    """Adds a channel."""
    form = await read_form(request)
    try:
        await add_channel(context, form)
    except WebError as error:
        kept = {name: value for name, value in form.items() if name not in SECRETS}
        return await _answer(context, form.get("kind", ""), error.status, error=error.sentence, form=kept)
    return RedirectResponse("/settings/channels?done=added", 303)


@router.post("/channels/{channel_id}/test")
async def post_test(channel_id: int, request: Request, context: Context) -> Response:
    """Sends a test message and shows what came of it."""
    await read_form(request)
    name = await channel_name(context, channel_id)
    tested = await send_test(DeliveryReader(context.pool), context.project_id, channel_id)
    return await _answer(context, "slack", tested=tested, tested_name=name)


@router.post("/channels/{channel_id}/notices")
async def post_notices(channel_id: int, request: Request, context: Context) -> Response:
    """Changes circuit breaker and digest of a channel."""
    form = await read_form(request)
    await channel_name(context, channel_id)
    try:
        notices = read_notices(form)
    except BadChannel as error:
        return await _answer(context, "slack", 400, error=str(error))
    await ChannelStore(context.pool).set_notices(context.project_id, channel_id, notices)
    return RedirectResponse("/settings/channels?done=changed", 303)


@router.post("/channels/{channel_id}/remove")
async def post_remove(channel_id: int, request: Request, context: Context) -> Response:
    """Removes a channel."""
    await read_form(request)
    await remove_channel(context, channel_id)
    return RedirectResponse("/settings/channels?done=removed", 303)


async def _answer(context: WebContext, kind: str, status: int = 200, **told: Any) -> Response:
    channels = await ChannelStore(context.pool).all(context.project_id)
    deliveries, total = await DeliveryReader(context.pool).newest(context.project_id, DELIVERIES_MAX)
    shown = ChannelsPage(
        tuple(channel_json(one) for one in channels),
        tuple(delivery_view(one) for one in deliveries),
        total,
        kind if kind in KINDS else "slack",
        told.pop("form", {}),
        **told,
    )
    return page("settings_channels.html", status, page=shown, labels=LABELS, footer=await context.footer())
