"""`/issues` and `/issues/{fingerprint}`: what goes wrong again and again, with JSON twins and forms."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from web.api.issues import get_issue, list_issues, save_change, unknown_issue
from web.context import WebContext, context_of
from web.issues.issue_parameters import read_issue_query
from web.issues.issue_reading import read_issue_detail, read_issue_list
from web.issues.issue_view import issue_page, issue_url, list_page
from web.requests.form_posts import check_origin, read_fields
from web.rules.tool_history import read_tool_history, tool_url
from web.templating import page
from web.trace.trace_links import outgoing_links

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/issues")
async def show_list(request: Request, context: Context) -> Response:
    """The list."""
    query = read_issue_query(request.query_params, context.project_id)
    found = await read_issue_list(context.reader, query)
    shown = list_page(query, found)
    return page("issues.html", page=shown, footer=await context.footer())


@router.get("/issues.json")
async def show_list_json(request: Request, context: Context) -> Response:
    """The list as JSON."""
    return await list_issues(request, context)


@router.get("/issues/{fingerprint}.json")
async def show_issue_json(fingerprint: str, request: Request, context: Context) -> Response:
    """One issue as JSON."""
    return await get_issue(fingerprint, request, context)


@router.get("/issues/{fingerprint}")
async def show_issue(fingerprint: str, request: Request, context: Context) -> Response:
    """One issue."""
    query = read_issue_query(request.query_params, context.project_id)
    found = await read_issue_detail(context.reader, query, fingerprint)
    if found is None:
        raise unknown_issue(fingerprint)
    detail, status = found
    changed = None
    if detail.row.kind != "loop":
        changed = (await read_tool_history(context.reader, context.project_id, detail.row.tool)).change_in(
            detail.row.first_release
        )
    shown = issue_page(query, detail, status)
    url = tool_url(detail.row.tool)
    links = [
        outgoing_links(context.link_templates, finding.trace_id, finding.start_unix_nano, finding.end_unix_nano)
        for finding in (line.example.finding for line in shown.examples)
    ]
    return page("issue.html", page=shown, changed=changed, tool_url=url, links=links, footer=await context.footer())


@router.post("/issues/{fingerprint}")
async def post_issue(fingerprint: str, request: Request, context: Context) -> Response:
    """What a form says of an issue; goes back to its page."""
    check_origin(request)
    await save_change(context, fingerprint, dict(await read_fields(request)))
    return RedirectResponse(issue_url(fingerprint), 303)
