"""`GET /api/traces/{trace_id}/pytest`: a failed tool call as a pytest file."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Response

from web.api.traces import get_trace
from web.context import WebContext, context_of
from web.failing_call.find import NoSuchCall, find_failed_call
from web.failing_call.pytest_file import file_name, pytest_file
from web.requests.errors import BadRequest, NotFound

router = APIRouter(prefix="/api")
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/traces/{trace_id}/pytest")
async def get_pytest_file(trace_id: str, context: Context, call: str = "", span: str = "") -> Response:
    """The file for the failed call with the key or call id `call`, or of the span `span`; 404 for any other."""
    if bool(call) == bool(span):
        raise BadRequest("Name the tool call with call (its call_key or call id) or with span (a span id).")
    trace = orjson.loads((await get_trace(trace_id, context, 0, 0)).body)
    try:
        found = find_failed_call(trace, call, span)
    except NoSuchCall as error:
        raise NotFound(str(error)) from None
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{file_name(found)}"',
    }
    return Response(pytest_file(trace["trace_id"], found), media_type="text/x-python; charset=utf-8", headers=headers)
