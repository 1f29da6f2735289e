"""`POST /v1/query/traces`: traces by what happened in them, in the step language."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from trace_store.lists.trace_filter import TraceCursor
from web.api.traces import trace_summary
from web.context import WebContext, context_of
from web.lists.list_parameters import cursor_text, read_list_query
from web.query_api.answers import UnknownField, answer
from web.query_api.project import ProjectId
from web.requests.errors import BadRequest
from web.requests.request_body import read_object

router = APIRouter(prefix="/v1/query")
Context = Annotated[WebContext, Depends(context_of)]
_FILTERS = ("q", "since", "until", "range", "errors", "loops", "conversation", "issue", "tool", "release")
FIELDS = ("steps", *_FILTERS, "limit", "cursor")
EXAMPLE = '{"steps": "search_docs failed then search_docs again then gave up", "range": "7d"}'


@router.post("/traces")
async def query_traces(request: Request, context: Context, project_id: ProjectId) -> Response:
    """Traces in which these steps happened, newest first; further fields are those of `GET /api/traces`."""
    asked = await read_object(request, EXAMPLE)
    for name, value in asked.items():
        if name not in FIELDS:
            raise UnknownField(f"There is no field {name} here.", name, FIELDS)
        if isinstance(value, list | dict):
            raise BadRequest(f"{name} is one value, no list or object: {EXAMPLE}.")
    if not asked.get("steps"):
        raise BadRequest(f"steps is needed: {EXAMPLE}.")
    given = QueryParams({_parameter(name): _text(value) for name, value in asked.items()})
    query = read_list_query(given, project_id)
    rows, following = await context.reader.list_traces(query.wanted, query.after, query.limit)
    return answer([trace_summary(row) for row in rows], _meta(following))


def _parameter(name: str) -> str:
    return "after" if name == "cursor" else name


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _meta(following: TraceCursor | None) -> dict[str, Any]:
    return {"cursor": following and cursor_text(following), "has_more": following is not None}
