"""`POST` and `DELETE /api/findings/{trace_id}/{finding_key}/verdict`: what a person says of a finding."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from trace_store.lists.verdicts import verdicts_of_trace
from web.context import WebContext, context_of
from web.issues.verdict_changes import forget_verdict, save_verdict
from web.issues.verdict_view import verdict_json
from web.requests.form_posts import check_origin
from web.requests.json_answers import json_answer
from web.requests.request_body import read_object

router = APIRouter(prefix="/api/findings")
Context = Annotated[WebContext, Depends(context_of)]


@router.post("/{trace_id}/{finding_key:path}/verdict")
async def post_verdict(trace_id: str, finding_key: str, request: Request, context: Context) -> Response:
    """Keeps `{"verdict": right | not_an_error | ..., "note", "by", "of_issue"}`. See docs/api.md."""
    check_origin(request)
    said = await read_object(request, '{"verdict": "not_an_error"}')
    await save_verdict(context, context.trace_key(trace_id), finding_key, said)
    return await _answer(trace_id, context)


@router.delete("/{trace_id}/{finding_key:path}/verdict")
async def delete_verdict(
    trace_id: str, finding_key: str, request: Request, context: Context, of_issue: bool = False
) -> Response:
    """Takes the verdict back; with `of_issue=1` also the one on all findings of the issue."""
    check_origin(request)
    await forget_verdict(context, context.trace_key(trace_id), finding_key, is_of_issue=of_issue)
    return await _answer(trace_id, context)


async def _answer(trace_id: str, context: WebContext) -> Response:
    async with context.reader.freely_planned() as connection:
        found = await verdicts_of_trace(connection, context.trace_key(trace_id), ())
    body = orjson.dumps({"verdicts": [verdict_json(one) for one in found]})
    return json_answer(body)
