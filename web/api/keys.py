"""`/api/keys`: list, make and revoke access keys. The gate lets administrators alone come here."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from web.context import WebContext, context_of
from web.requests.form_posts import check_sender
from web.requests.json_answers import json_answer
from web.requests.request_body import read_object
from web.signing_in.key_changes import end_key, key_json, key_projects, list_keys, list_projects, make_key

router = APIRouter(prefix="/api/keys")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("")
async def get_keys(context: Context) -> Response:
    """`{"keys": [...]}`, the newest first, revoked ones too; without the keys themselves."""
    return json_answer({"keys": [key_json(key, projects) for key, projects in await list_keys(context)]})


@router.post("")
async def post_key(request: Request, context: Context) -> Response:
    """Makes a key of `{"kind", "name", "projects"}`: 201, and `key`, which is never told again."""
    check_sender(request)
    key, row = await make_key(context, await read_object(request, '{"kind": "write", "name": "checkout agent"}'))
    slugs = {project.project_id: project.slug for project in await list_projects(context)}
    return json_answer({"key": key} | key_json(row, key_projects(row, slugs)), 201)


@router.delete("/{key_id}")
async def delete_key(key_id: int, request: Request, context: Context) -> Response:
    """Revokes a key for good; 204."""
    check_sender(request)
    await end_key(context, key_id)
    return Response(status_code=204)
