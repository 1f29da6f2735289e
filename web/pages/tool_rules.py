"""`/settings/rules`: the rules that judge tool calls, and the trial of other ones on stored calls."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from web.context import WebContext, context_of
from web.errors import WebError
from web.form_posts import read_form
from web.json_answers import json_answer
from web.rule_trial import CALLS_TRIED, Trial
from web.templating import page
from web.tool_rule_trial import read_calls, rules_in_force_json, trial_sentence, try_on_stored

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/rules")
async def show_rules(context: Context) -> Response:
    """The page."""
    return await _answer(context)


@router.get("/rules.json")
async def show_rules_json() -> Response:
    """The page as JSON."""
    body = orjson.dumps(rules_in_force_json())
    return json_answer(body)


@router.post("/rules")
async def post_rules(request: Request, context: Context) -> Response:
    """Tries the rules of the form; nothing is saved."""
    form = await read_form(request)
    text, calls = form.get("text", "").replace("\r\n", "\n"), form.get("calls", "")
    try:
        number: Any = int(calls) if calls.isascii() and calls.isdigit() else calls
        trial = await try_on_stored(context, text, read_calls(number))
    except WebError as error:
        return await _answer(context, error.status, text=text, calls=calls, error=error.sentence)
    return await _answer(context, text=text, calls=calls, trial=trial)


async def _answer(
    context: WebContext,
    status: int = 200,
    *,
    text: str = "",
    calls: str = str(CALLS_TRIED),
    error: str = "",
    trial: Trial | None = None,
) -> Response:
    told = {"text": text, "calls": calls, "error": error, "trial": trial, "in_force": rules_in_force_json()}
    sentence = "" if trial is None else trial_sentence(trial)
    return page("settings_rules.html", status, page=told, sentence=sentence, footer=await context.footer())
