"""`/settings/verdicts`: how often our findings were right, as people said; and the forms that say it."""

import urllib.parse
from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from trace_store.lists.verdicts import Precision, Verdict, measured_precision, newest_verdicts
from web.context import WebContext, context_of
from web.issues.verdict_changes import forget_verdict, save_verdict
from web.issues.verdict_view import LABELS, verdict_json
from web.requests.errors import BadRequest
from web.requests.form_posts import check_origin, read_fields
from web.requests.json_answers import json_answer
from web.templating import page
from web.trace.trace_url import trace_url

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
TAKEN_BACK = {"take_back": False, "take_back_of_issue": True}


@dataclass(frozen=True, slots=True)
class VerdictsPage:
    """What the template prints."""

    precision: tuple[Precision, ...]
    verdicts: tuple[Verdict, ...]
    total: int

    @property
    def right(self) -> int:
        """Of all findings that somebody looked at."""
        return sum(one.right for one in self.precision)

    @property
    def looked_at(self) -> int:
        """How many findings somebody looked at."""
        return sum(one.looked_at for one in self.precision)


@router.get("/settings/verdicts")
async def show_verdicts(request: Request, context: Context) -> Response:
    """The page."""
    found = await _read(context)
    origin = f"{request.url.scheme}://{request.url.netloc}"
    return page("settings_verdicts.html", page=found, labels=LABELS, origin=origin, footer=await context.footer())


@router.get("/settings/verdicts.json")
async def show_json(context: Context) -> Response:
    """The page as JSON."""
    found = await _read(context)
    body = {
        "precision": [asdict(one) for one in found.precision],
        "verdicts": [verdict_json(one) for one in found.verdicts],
        "shown": len(found.verdicts),
        "total": found.total,
    }
    return json_answer(body)


@router.post("/traces/{trace_id}/verdict")
async def post_verdict(trace_id: str, request: Request, context: Context) -> Response:
    """The form in the pane of a step; answers with the page that it came from."""
    check_origin(request)
    form = await read_fields(request)
    trace, key, verdict = context.trace_key(trace_id), form.get("finding_key", ""), form.get("verdict", "")
    if verdict in TAKEN_BACK:
        await forget_verdict(context, trace, key, is_of_issue=TAKEN_BACK[verdict])
    else:
        said = {"verdict": verdict, "note": form.get("note", ""), "of_issue": form.get("of_issue") == "1"}
        await save_verdict(context, trace, key, said)
    return RedirectResponse(_own_path(form.get("back") or trace_url(trace_id)), 303)


def _own_path(text: str) -> str:
    parts = urllib.parse.urlsplit(text)
    if (
        parts.scheme
        or parts.netloc
        or not text.startswith(("/traces/", "/signals"))
        or not text.isprintable()
        or "\\" in text
    ):
        raise BadRequest("back is no address of a trace or of signals; open the page again.")
    return text


async def _read(context: WebContext) -> VerdictsPage:
    async with context.reader.freely_planned() as connection:
        verdicts, total = await newest_verdicts(connection, context.project_id)
        return VerdictsPage(tuple(await measured_precision(connection, context.project_id)), tuple(verdicts), total)
