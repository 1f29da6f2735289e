"""`/settings/mappings`: the project's own mapping: read, edit, test on stored spans, save, derive again."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from tool_errors.rules import derived_by_with, registry_for
from trace_store.dialects import BUILT_IN
from trace_store.dialects.mapping_file import BadMapping
from trace_store.upkeep.reprocess import Choice, open_reprocess
from trace_store.versioned_texts import SavedText, TextChanged
from web.context import WebContext, context_of
from web.requests.errors import BadRequest, WebError
from web.requests.form_posts import read_form
from web.requests.json_answers import json_answer
from web.rules.mapping_test import TestedSpan, test_mapping
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
MARKED_MAX = 10_000  # by one press of the button; the command does any number


@dataclass(frozen=True, slots=True)
class MappingPage:
    """What the template prints."""

    text: str
    version: int  # that the text is based on; 0 for none
    saved_unix_nano: int
    history: tuple[SavedText, ...]
    files: tuple[str, ...]
    dialects: tuple[str, ...]  # of files and of the saved mapping
    outdated: int  # traces that other rules derived
    chosen: str = ""  # trace and span ids of the test
    error: str = ""
    notice: str = ""
    tested: tuple[TestedSpan, ...] | None = None  # None: nothing was tested
    tested_of: int = 0


@router.get("/mappings")
async def show_mapping(request: Request, context: Context, version: int = 0, chosen: str = "") -> Response:
    """The page; `version` opens an older one, `chosen` fills the field of spans to test."""
    found = await _page(context)
    notice = {
        "saved": "Saved. New spans are read with it from now on.",
        "marked": "Stored traces are derived again, behind what arrives.",
    }
    found = replace(found, notice=notice.get(request.query_params.get("done", ""), ""), chosen=chosen)
    older = await context.rules.mapping(context.project_id).version(version) if 0 < version < 2**31 else None
    if older is not None:
        found = replace(
            found, text=older.text, notice=f"Version {version} is in the field; saving makes it the newest."
        )
    return await _answer(context, found)


@router.get("/mappings.json")
async def show_mapping_json(context: Context) -> Response:
    """The page as JSON."""
    found = await _page(context)
    body = {
        "version": found.version,
        "text": found.text,
        "files": found.files,
        "dialects": found.dialects,
        "outdated_traces": found.outdated,
        "history": [asdict(one) for one in found.history],
    }
    return json_answer(body)


@router.post("/mappings")
async def post_mapping(request: Request, context: Context) -> Response:
    """Saves the mapping (`action=save`), or tests it on stored spans without saving (`action=test`)."""
    form = await read_form(request)
    text, base = form.get("text", "").replace("\r\n", "\n"), form.get("version", "0")
    found = replace(await _page(context), text=text, chosen=form.get("chosen", ""))
    if not base.isascii() or not base.isdigit() or len(base) > 9:
        raise BadRequest(f"version={base} is no number of a version; open the page again.")
    try:
        after = registry_for(context.rules.files, text)
    except BadMapping as error:
        return await _answer(context, replace(found, version=int(base), error=str(error)), 400)
    if form.get("action") == "test":
        try:
            before = await context.rules.registry(context.project_id)
            spans, count = await test_mapping(context.reader, context.project_id, found.chosen, before, after)
        except WebError as error:
            return await _answer(context, replace(found, version=int(base), error=error.sentence), error.status)
        return await _answer(context, replace(found, version=int(base), tested=tuple(spans), tested_of=count))
    try:
        await context.rules.mapping(context.project_id).save(text, int(base))
    except TextChanged as error:
        return await _answer(context, replace(found, version=int(base), error=str(error)), 409)
    return RedirectResponse("/settings/mappings?done=saved", 303)


@router.post("/mappings/reprocess")
async def post_reprocess(request: Request, context: Context) -> Response:
    """Marks up to 10,000 stored traces that other rules derived, newest first."""
    await read_form(request)
    registry = await context.rules.registry(context.project_id)
    async with open_reprocess(context.conninfo) as work:
        rules = derived_by_with(registry, (await work.rules_in_force()).get(context.project_id))
        marked = 0
        async for trace_ids in work.pages(Choice(context.project_id, rules)):
            await work.mark_traces(context.project_id, trace_ids)
            marked += len(trace_ids)
            if marked >= MARKED_MAX:
                break
    return RedirectResponse("/settings/mappings?done=marked", 303)


async def _page(context: WebContext) -> MappingPage:
    rules = context.rules
    history = await rules.mapping(context.project_id).history()
    newest = history[0] if history else None
    registry = await rules.registry(context.project_id)
    async with open_reprocess(context.conninfo) as work:
        rules_now = derived_by_with(registry, (await work.rules_in_force()).get(context.project_id))
        outdated = await work.count_other_than(context.project_id, rules_now)
    return MappingPage(
        text=newest.text if newest else "",
        version=newest.version if newest else 0,
        saved_unix_nano=round(newest.saved_at.timestamp() * 1e6) * 1000 if newest else 0,
        history=tuple(history),
        files=tuple(name for name, _ in rules.files),
        dialects=registry.mappings.names if registry is not BUILT_IN else (),
        outdated=outdated,
    )


async def _answer(context: WebContext, found: MappingPage, status: int = 200) -> Response:
    return page("settings_mappings.html", status, page=found, footer=await context.footer())
