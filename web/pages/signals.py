"""`/signals`: failing tools, loops, and words of one's own: how often, whom they met; add, try, switch, remove."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from web.alerts.signal_changes import FIELDS, Tried, forget_signal, read_signal, save_signal, switch, try_signal
from web.alerts.signal_reading import RANGES, read_signal_list, signals_json
from web.charts.sparkline import sparkline, spoken_trend
from web.context import WebContext, context_of
from web.issues.verdict_view import LABELS
from web.requests.errors import BadRequest, WebError
from web.requests.form_posts import check_origin, read_fields
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
RANGE = "24h"  # unless told
NOTICES = {
    "saved": "Saved. What arrives is looked at from now on; the last three days are looked at behind it.",
    "removed": "The signal is removed.",
    "on": "The signal is on. What arrives is looked at from now on; the last three days are looked at behind it.",
    "off": "The signal is off: it is looked for no more. What it found stays.",
}


@router.get("/signals")
async def show_signals(request: Request, context: Context, done: str = "") -> Response:
    """The page; `range` is how far back counts go."""
    return await _answer(request, context, request.query_params.get("range", RANGE), notice=NOTICES.get(done, ""))


@router.get("/signals.json")
async def show_json(request: Request, context: Context) -> Response:
    """The page as JSON."""
    return json_answer(signals_json(await read_signal_list(context, request.query_params.get("range", RANGE))))


@router.post("/signals")
async def post_signal(request: Request, context: Context) -> Response:
    """Saves a signal (`action=save`), or tries it on stored traces (`action=test`)."""
    check_origin(request)
    form = await read_fields(request)
    try:
        wanted = read_signal({name: form.get(name, "") for name in FIELDS})
        if form.get("action") == "test":
            return await _answer(request, context, "7d", form=form, tried=await try_signal(context, wanted))
        await save_signal(context, wanted)
    except WebError as error:
        return await _answer(request, context, "7d", error.status, form=form, error=error.sentence)
    return RedirectResponse("/signals?done=saved", 303)


@router.post("/signals/{signal_id}")
async def post_change(signal_id: str, request: Request, context: Context) -> Response:
    """Switches a signal `on` or `off`, or removes it (`action=remove`)."""
    check_origin(request)
    action = (await read_fields(request)).get("action", "")
    try:
        if action == "remove":
            await forget_signal(context, signal_id)
            return RedirectResponse("/signals?done=removed", 303)
        if action not in ("on", "off"):
            raise BadRequest("A form of a signal is for switching it on or off, or removing it.")
        await switch(context, signal_id, is_enabled=action == "on")
    except WebError as error:
        return await _answer(request, context, "7d", error.status, error=error.sentence)
    return RedirectResponse(f"/signals?done={action}", 303)


async def _answer(
    request: Request,
    context: WebContext,
    chosen: str,
    status: int = 200,
    *,
    form: dict[str, str] | None = None,
    tried: Tried | None = None,
    notice: str = "",
    error: str = "",
) -> Response:
    found = await read_signal_list(context, chosen)
    told = {
        "form": dict.fromkeys(FIELDS, "") | (form or {}),
        "tried": tried,
        "notice": notice,
        "error": error,
        "ranges": tuple(RANGES),
        "labels": LABELS,
        "sparkline": sparkline,
        "spoken_trend": spoken_trend,
        "origin": f"{request.url.scheme}://{request.url.netloc}",
    }
    return page("signals.html", status, page=found, **told, footer=await context.footer())
