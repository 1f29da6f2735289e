"""`/api/redaction`: the rules by which texts of a project are replaced before they are stored; docs/privacy.md."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from web.context import WebContext, context_of
from web.requests.errors import BadRequest
from web.requests.form_posts import check_origin, check_sender
from web.requests.json_answers import json_answer
from web.requests.request_body import read_object
from web.rules.redaction_settings import checked, rules_in_force, save_rules, settings_json
from web.rules.redaction_trial import try_rules

router = APIRouter(prefix="/api/redaction")
Context = Annotated[WebContext, Depends(context_of)]
EXAMPLE = '{"version": 0, "rules": [{"name": "email", "action": "hash"}]}'


@router.get("")
async def show_rules(context: Context) -> Response:
    """The rules in force, and the built-in patterns."""
    return json_answer(await settings_json(context))


@router.put("")
async def put_rules(request: Request, context: Context) -> Response:
    """Replaces all rules by those that are sent; `version` is the one that they are based on."""
    check_sender(request)
    said = await read_object(request, EXAMPLE)
    version = said.get("version")
    if unknown := said.keys() - {"version", "rules"}:
        raise BadRequest(f"{', '.join(sorted(unknown))} is not known here; send version and rules, such as {EXAMPLE}.")
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < 2**31:
        raise BadRequest("version is the number of the version that GET /api/redaction told, 0 before the first.")
    await save_rules(context, said.get("rules"), version)
    return json_answer(await settings_json(context))


@router.post("/try")
async def post_try(request: Request, context: Context) -> Response:
    """What `{"rules": [...]}`, else the rules in force, would change of the newest stored records; nothing is saved."""
    check_origin(request)
    said = await read_object(request, EXAMPLE)
    if unknown := said.keys() - {"rules"}:
        raise BadRequest(f"{', '.join(sorted(unknown))} is not known here; send rules, or nothing.")
    rules = checked(said["rules"]) if "rules" in said else (await rules_in_force(context))[1]
    return json_answer((await try_rules(context, rules)).as_json())
