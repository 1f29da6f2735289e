"""`/settings/redaction`: which personal data and secrets are replaced before they are stored, tried and saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from otlp_receiver.redaction.built_in import BUILT_IN, BuiltIn
from otlp_receiver.redaction.fields import CONTENT
from otlp_receiver.redaction.rules import ACTIONS, RedactionRule
from web.context import WebContext, context_of
from web.requests.errors import BadRequest, WebError
from web.requests.form_posts import read_form
from web.requests.json_answers import json_answer
from web.rules.redaction_settings import checked, rules_in_force, save_rules, settings_json
from web.rules.redaction_trial import RedactionTrial, try_rules
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
OFF = "off"
OWN_ROWS_MAX = 40  # of the form; the API takes more


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form, as typed."""

    name: str = ""
    action: str = ""
    fields: str = CONTENT
    pattern: str = ""
    built_in: BuiltIn | None = None


@dataclass(frozen=True, slots=True)
class RedactionPage:
    """What the template prints."""

    version: int
    saved_unix_nano: int
    rule_count: int  # in force
    built_in: tuple[Row, ...]
    own: tuple[Row, ...]
    actions: tuple[str, ...] = ACTIONS
    error: str = ""
    notice: str = ""
    trial: RedactionTrial | None = None


@router.get("/redaction")
async def show_redaction(context: Context, done: str = "") -> Response:
    """The page."""
    notice = "Saved. Every process stores by these rules within two seconds; what is stored already stays as it is."
    return await _answer(context, notice=notice if done == "saved" else "")


@router.get("/redaction.json")
async def show_redaction_json(context: Context) -> Response:
    """The page as JSON."""
    return json_answer(await settings_json(context))


@router.post("/redaction")
async def post_redaction(request: Request, context: Context) -> Response:
    """Tries the rules of the form (`action=try`), adds a line (`action=add`), or saves them."""
    form = await read_form(request)
    built_in, own = _rows(form)
    typed: dict[str, Any] = {"built_in": built_in, "own": own}
    wanted, base = form.get("action", ""), form.get("version", "0")
    if not base.isascii() or not base.isdigit() or len(base) > 9:
        raise BadRequest(f"version={base} is no number of a version; open the page again.")
    typed["version"] = int(base)
    if wanted == "add":
        return await _answer(context, **typed | {"own": (*own, Row())})
    rules = [_rule(row) for row in (*built_in, *own) if row.action != OFF and (row.built_in or row.name or row.pattern)]
    try:
        if wanted == "try":
            return await _answer(context, **typed, trial=await try_rules(context, checked(rules)))
        await save_rules(context, rules, int(base))
    except WebError as error:
        return await _answer(context, error.status, **typed, error=error.sentence)
    return RedirectResponse("/settings/redaction?done=saved", 303)


def _rows(form: dict[str, str]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    built_in = tuple(
        Row(name, form.get(f"action.{name}", OFF), form.get(f"fields.{name}", CONTENT), "", each)
        for name, each in BUILT_IN.items()
    )
    own = tuple(
        Row(
            form.get(f"own.{number}.name", "").strip(),
            form.get(f"own.{number}.action", ACTIONS[0]),
            form.get(f"own.{number}.fields", CONTENT),
            form.get(f"own.{number}.pattern", ""),
        )
        for number in range(OWN_ROWS_MAX)
        if f"own.{number}.name" in form
    )
    return built_in, own


def _rule(row: Row) -> dict[str, Any]:
    fields = [field for field in row.fields.replace(",", " ").split() if field]
    own = {} if row.built_in else {"pattern": row.pattern}
    return {"name": row.name, **own, "action": row.action, "fields": fields}


def _rows_of(rules: Sequence[RedactionRule]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    by_name = {rule.name: rule for rule in rules if rule.pattern is None}
    built_in = []
    for name, each in BUILT_IN.items():
        rule = by_name.get(name)
        fields = CONTENT if rule is None else ", ".join(rule.fields)
        built_in.append(Row(name, OFF if rule is None else rule.action, fields, "", each))
    own = [Row(rule.name, rule.action, ", ".join(rule.fields), rule.pattern) for rule in rules if rule.pattern]
    return tuple(built_in), (*own, Row())


async def _answer(context: WebContext, status: int = 200, **told: Any) -> Response:
    version, rules, saved_unix_nano = await rules_in_force(context)
    built_in, own = _rows_of(rules)
    found: dict[str, Any] = {"version": version, "built_in": built_in, "own": own} | told
    shown = RedactionPage(saved_unix_nano=saved_unix_nano, rule_count=len(rules), **found)
    return page("settings_redaction.html", status, page=shown, footer=await context.footer())
