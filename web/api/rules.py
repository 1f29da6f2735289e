"""`GET /api/rules` and `POST /api/rules/try`: the rules that judge tool calls, and what other ones would change."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from web.context import WebContext, context_of
from web.requests.errors import BadRequest
from web.requests.form_posts import check_origin
from web.requests.json_answers import json_answer
from web.requests.request_body import read_object
from web.rules.tool_rule_trial import read_tried_rules, rules_in_force_json, saved_rules, trial_json, try_on_stored

router = APIRouter(prefix="/api/rules")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("")
async def list_rules(context: Context) -> Response:
    """The built-in rules in the order in which they are asked, which of them are off, and the user's own."""
    await saved_rules(context)  # they are in force now
    return json_answer(rules_in_force_json())


@router.post("/try")
async def try_rules(request: Request, context: Context) -> Response:
    """What `{"rules": TOML, "calls": 1000}` would change of the newest stored calls; nothing is saved."""
    check_origin(request)
    said = await read_object(request, '{"rules": "off = [\\"payload.exit_code\\"]"}')
    text, calls = said.get("rules"), said.get("calls")
    if unknown := said.keys() - {"rules", "calls"}:
        raise BadRequest(f"{', '.join(sorted(unknown))} is not known here; send rules, as TOML, and calls, a number.")
    if not isinstance(text, str):
        raise BadRequest("rules is the TOML text of a file of tool rules, see docs/tool_errors.md.")
    read_tried_rules(text)
    return json_answer(trial_json(await try_on_stored(context, text, calls)))
