"""`/compare/otlp`: what is stored beside an OTLP export of another backend; nothing of the export is kept."""

import urllib.parse
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from web.compare.export_reading import ExportComparison
from web.compare.exports import export_json
from web.context import WebContext, context_of
from web.processes import heavy_reads
from web.requests.errors import BadRequest
from web.requests.form_posts import check_origin
from web.requests.json_answers import json_answer
from web.requests.request_body import read_bounded
from web.templating import page

router = APIRouter(prefix="/compare")
Context = Annotated[WebContext, Depends(context_of)]
EXPORT_BYTES_MAX = 16 * 1024 * 1024
NOTHING_GIVEN = "No export was given: paste one, or choose a file."
FORM = "application/x-www-form-urlencoded"


@router.get("/otlp")
async def show_form(context: Context) -> Response:
    """The page without a comparison."""
    return page("compare_otlp.html", found=None, error="", export="", footer=await context.footer())


@router.post("/otlp")
async def show_comparison(request: Request, context: Context) -> Response:
    """The page with one: of a form with `export`, or of a body that is the export itself."""
    export = await _read_export(request)
    found = await _compare(context, export) if export.strip() else NOTHING_GIVEN
    if isinstance(found, str):
        pasted = export.decode(errors="replace") if _is_form(request) else ""
        told = {"found": None, "error": found, "export": pasted}
        return page("compare_otlp.html", 400, **told, footer=await context.footer())
    return page("compare_otlp.html", found=found, error="", export="", footer=await context.footer())


@router.post("/otlp.json")
async def post_json(request: Request, context: Context) -> Response:
    """The same as JSON."""
    export = await _read_export(request)
    found = await _compare(context, export) if export.strip() else NOTHING_GIVEN
    if isinstance(found, str):
        raise BadRequest(found)
    return json_answer(export_json(found.traces, found.total) | {"rejected": found.rejected})


async def _compare(context: WebContext, export: bytes) -> ExportComparison | str:
    return await context.reader_process.run(heavy_reads.compare_export, context.conninfo, context.project_id, export)


async def _read_export(request: Request) -> bytes:
    check_origin(request)
    body = await read_bounded(request, EXPORT_BYTES_MAX)
    if not _is_form(request):
        return body
    return urllib.parse.parse_qs(body.decode(errors="replace"), max_num_fields=4).get("export", [""])[0].encode()


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(FORM)
