"""`GET /api/issues`, `GET` and `POST /api/issues/{fingerprint}`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from trace_store.lists.issues import change_issue
from web.context import WebContext, context_of
from web.issues.issue_changes import read_change
from web.issues.issue_json import issue_json, list_json
from web.issues.issue_parameters import cursor_text, read_issue_query
from web.issues.issue_reading import read_issue_detail, read_issue_list
from web.requests.errors import NotFound
from web.requests.form_posts import check_origin
from web.requests.json_answers import json_answer
from web.requests.request_body import read_object

router = APIRouter(prefix="/api/issues")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("")
async def list_issues(request: Request, context: Context) -> Response:
    """Issues of the project: `{"issues": [...], "next": cursor or null, "shown": n, "total": n}`. See docs/api.md."""
    query = read_issue_query(request.query_params, context.project_id)
    found = await read_issue_list(context.reader, query, with_counts=True)
    return json_answer(list_json(found, None if found.after is None else cursor_text(found.after)))


@router.get("/{fingerprint}")
async def get_issue(fingerprint: str, request: Request, context: Context) -> Response:
    """One issue with its trend, releases, users, environments and newest examples."""
    return json_answer(await read_json(context, fingerprint, request.query_params))


@router.post("/{fingerprint}")
async def post_issue(fingerprint: str, request: Request, context: Context) -> Response:
    """Changes what a person says of an issue; answers as GET does."""
    check_origin(request)
    await save_change(context, fingerprint, await read_object(request, '{"status": "resolved"}'))
    return json_answer(await read_json(context, fingerprint, QueryParams()))


async def read_json(context: WebContext, fingerprint: str, parameters: QueryParams) -> dict[str, Any]:
    """One issue as JSON; NotFound for one that was never seen."""
    found = await read_issue_detail(context.reader, read_issue_query(parameters, context.project_id), fingerprint)
    if found is None:
        raise unknown_issue(fingerprint)
    return issue_json(*found)


async def save_change(context: WebContext, fingerprint: str, said: dict[str, Any]) -> None:
    """Keeps what a person says of an issue; BadRequest or NotFound when it cannot be."""
    change = read_change(said)
    async with context.reader.freely_planned() as connection:
        is_known = await change_issue(connection, context.project_id, fingerprint.replace("\0", ""), change)
    if not is_known:
        raise unknown_issue(fingerprint)


def unknown_issue(fingerprint: str) -> NotFound:
    """The answer for an issue that is not there."""
    return NotFound(f"No issue has the fingerprint {fingerprint}: /issues lists those that were seen.")
