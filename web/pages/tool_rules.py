"""`/settings/rules`: the rules that judge tool calls: own ones are tried on stored calls, saved, edited, taken out."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from trace_store.versioned_texts import SavedText, TextChanged
from web.context import WebContext, context_of
from web.requests.errors import BadRequest, Forbidden, WebError
from web.requests.form_posts import read_form
from web.requests.json_answers import json_answer
from web.rules.rule_trial import CALLS_TRIED, Trial
from web.rules.tool_rule_trial import (
    read_calls,
    read_tried_rules,
    rules_in_force_json,
    saved_rules,
    trial_sentence,
    try_on_stored,
)
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
SAVED = "Saved. Calls are judged with these rules from now on; `rainbarrel reprocess` judges the stored ones again."


@dataclass(frozen=True, slots=True)
class ToolRulesPage:
    """What the template prints."""

    in_force: dict[str, Any]
    saved: SavedText | None
    history: tuple[SavedText, ...]
    may_save: bool
    text: str
    version: int  # that the text is based on; 0 for none
    calls: str = str(CALLS_TRIED)
    error: str = ""
    notice: str = ""
    trial: Trial | None = None
    sentence: str = ""  # of the trial


@router.get("/rules")
async def show_rules(request: Request, context: Context, version: int = 0) -> Response:
    """The page; `version` puts an older text into the field."""
    older = await context.rules.tool_rules.version(version) if 0 < version < 2**31 else None
    if older is None:
        return await _answer(context, notice=SAVED if request.query_params.get("done") == "saved" else "")
    notice = f"Version {version} is in the field; saving makes it the newest."
    return await _answer(context, text=older.text, notice=notice)


@router.get("/rules.json")
async def show_rules_json(context: Context) -> Response:
    """The page as JSON."""
    saved = await saved_rules(context)
    history = await context.rules.tool_rules.history()
    told = {"saved": asdict(saved) if saved else None, "history": [asdict(one) for one in history]}
    return json_answer(rules_in_force_json() | told)


@router.post("/rules")
async def post_rules(request: Request, context: Context) -> Response:
    """Saves the rules of the form (`action=save`), or tries them on stored calls without saving."""
    form = await read_form(request)
    text, calls, base = form.get("text", "").replace("\r\n", "\n"), form.get("calls", ""), form.get("version", "0")
    if not base.isascii() or not base.isdigit() or len(base) > 9:
        raise BadRequest(f"version={base} is no number of a version; open the page again.")
    typed: dict[str, Any] = {"text": text, "calls": calls, "version": int(base)}
    try:
        if form.get("action") == "save":
            _require_all_projects(context)
            read_tried_rules(text)
            await context.rules.tool_rules.save(text, int(base))
            return RedirectResponse("/settings/rules?done=saved", 303)
        number: Any = int(calls) if calls.isascii() and calls.isdigit() else calls
        trial = await try_on_stored(context, text, read_calls(number))
    except WebError as error:
        return await _answer(context, error.status, **typed, error=error.sentence)
    except TextChanged as error:
        return await _answer(context, 409, **typed, error=str(error))
    return await _answer(context, **typed, trial=trial, sentence=trial_sentence(trial))


def _require_all_projects(context: WebContext) -> None:
    assert context.access is not None
    if context.access.holder.project_ids is not None:
        raise Forbidden("Tool rules count for all projects; this key administers some of them alone.")


async def _answer(context: WebContext, status: int = 200, **told: Any) -> Response:
    saved = await saved_rules(context)
    assert context.access is not None
    standing: dict[str, Any] = {"text": saved.text, "version": saved.version} if saved else {"text": "", "version": 0}
    shown = ToolRulesPage(
        in_force=rules_in_force_json(),
        saved=saved,
        history=tuple(await context.rules.tool_rules.history()),
        may_save=context.access.may_change_settings and context.access.holder.project_ids is None,
        **(standing | told),
    )
    return page("settings_rules.html", status, page=shown, footer=await context.footer())
