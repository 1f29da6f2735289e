"""`/settings/ingest`: how to send here, per SDK, with the address and a key filled in; with its JSON twin."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from trace_store.model import DEFAULT_PROJECT
from web.context import WebContext, context_of
from web.requests.errors import WebError
from web.requests.form_posts import read_form
from web.requests.json_answers import json_answer
from web.requests.request_origin import grpc_origin_of, origin_of
from web.rules.ingest_snippets import Snippet, Target, snippets
from web.signing_in.key_changes import make_key
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
PLACEHOLDER = "KEY"


@dataclass(frozen=True, slots=True)
class IngestPage:
    """What the template prints."""

    target: Target
    snippets: tuple[Snippet, ...]
    needs_key: bool
    may_make_keys: bool
    project: str
    name: str = "my agent"  # of the key to be made
    new_key: str = ""
    error: str = ""


@router.get("/ingest")
async def show_ingest(request: Request, context: Context) -> Response:
    """The page."""
    return await _answer(request, context)


@router.get("/ingest.json")
async def show_json(request: Request, context: Context) -> Response:
    """The page as JSON."""
    found = _page(request, context)
    body: dict[str, Any] = {
        "origin": found.target.origin,
        "grpc_origin": found.target.grpc_origin or None,
        "needs_key": found.needs_key,
        "project": found.project,
        "snippets": [asdict(snippet) for snippet in found.snippets],
    }
    return json_answer(body)


@router.post("/ingest/key")
async def post_key(request: Request, context: Context) -> Response:
    """Makes a write key of this project, and shows it this one time, in every snippet."""
    name = (await read_form(request)).get("name", "")
    assert context.access is not None
    said = {"kind": "write", "name": name, "projects": [context.access.project]}
    try:
        key, _ = await make_key(context, said)
    except WebError as error:
        return await _answer(request, context, error.status, name=name, error=error.sentence)
    return await _answer(request, context, name=name, new_key=key)


async def _answer(request: Request, context: WebContext, status: int = 200, **told: str) -> Response:
    shown = _page(request, context, **told)
    return page("settings_ingest.html", status, page=shown, footer=await context.footer())


def _page(request: Request, context: WebContext, **told: str) -> IngestPage:
    assert context.access is not None
    needs_key, project = context.control.rules.are_required, context.access.project
    new_key = told.get("new_key", "")
    target = Target(
        origin=origin_of(request),
        grpc_origin=grpc_origin_of(request, context.grpc_port),
        key=new_key or (PLACEHOLDER if needs_key else ""),
        project="" if new_key or project == DEFAULT_PROJECT else project,
    )
    return IngestPage(
        target,
        snippets(target),
        needs_key,
        context.access.may_change_settings,
        project,
        **told,
    )
