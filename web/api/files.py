"""`GET /files/{token}`: a trace as a file; the token says which, and is all that is needed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from web.context import WebContext, context_of
from web.trace.trace_files import read_file, read_token, signing_secret

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/files/{token}")
async def get_file(token: str, context: Context) -> Response:
    """The JSON contract of docs/api.md; 403 for an address that has expired or was altered."""
    trace, part = read_token(signing_secret(context), token)
    body = await read_file(context, trace, part)
    name = f"trace-{trace.trace_id.hex()}.json"
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/json", headers=headers)
