"""`/settings/keys`: the access keys; a new one is shown once, filled into what senders need."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from trace_store.access_keys import KINDS, AccessKey
from web.context import WebContext, context_of
from web.requests.errors import WebError
from web.requests.form_posts import read_form
from web.requests.json_answers import json_answer
from web.requests.request_origin import origin_of
from web.signing_in.key_changes import end_key, key_json, list_keys, list_projects, make_key
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]


@dataclass(frozen=True, slots=True)
class KeysPage:
    """What the template prints."""

    keys: tuple[tuple[AccessKey, tuple[str, ...]], ...]
    projects: tuple[str, ...]
    kinds: tuple[str, ...]
    are_required: bool
    origin: str
    grpc_port: int | None
    name: str = ""  # what was typed
    error: str = ""
    notice: str = ""
    new_key: str = ""
    new_kind: str = ""


@router.get("/keys")
async def show_keys(request: Request, context: Context, done: str = "") -> Response:
    """The page."""
    notice = "The key is revoked: it stops within seconds, in every process." if done == "revoked" else ""
    return await _answer(request, context, notice=notice)


@router.get("/keys.json")
async def show_json(context: Context) -> Response:
    """The page as JSON."""
    return json_answer({"keys": [key_json(key, projects) for key, projects in await list_keys(context)]})


@router.post("/keys")
async def post_key(request: Request, context: Context) -> Response:
    """Makes a key, and shows it this one time."""
    form = await read_form(request)
    project = form.get("project", "")
    said = {"kind": form.get("kind", ""), "name": form.get("name", ""), "projects": [project] if project else []}
    try:
        key, row = await make_key(context, said)
    except WebError as error:
        return await _answer(request, context, error.status, error=error.sentence, name=form.get("name", ""))
    return await _answer(request, context, new_key=key, new_kind=row.kind)


@router.post("/keys/{key_id}/revoke")
async def post_revoke(key_id: int, request: Request, context: Context) -> Response:
    """Revokes a key."""
    await read_form(request)
    await end_key(context, key_id)
    return RedirectResponse("/settings/keys?done=revoked", 303)


async def _answer(request: Request, context: WebContext, status: int = 200, **told: str) -> Response:
    shown = KeysPage(
        keys=tuple(await list_keys(context)),
        projects=tuple(project.slug for project in await list_projects(context) if not project.is_archived),
        kinds=KINDS,
        are_required=context.control.rules.are_required,
        origin=origin_of(request),
        grpc_port=context.grpc_port,
        **told,
    )
    return page("settings_keys.html", status, page=shown, footer=await context.footer())
