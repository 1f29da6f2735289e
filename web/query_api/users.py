"""`GET /v1/users` and one of them, `DELETE` erases one."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from trace_store.interactions.interaction_reads import InteractionReads
from trace_store.interactions.interaction_rows import UserRow
from trace_store.upkeep.erase_user import erase_user
from web.context import WebContext, context_of
from web.query_api.answers import answer, iso, page, read_cursor
from web.query_api.parameters import property_conditions, read_parameters, text_conditions, time_conditions
from web.query_api.project import ProjectId
from web.requests.errors import NotFound

router = APIRouter(prefix="/v1/users")
Context = Annotated[WebContext, Depends(context_of)]
ORDERS = {"last_seen": "last_seen_unix_nano", "timestamp": "last_seen_unix_nano", "first_seen": "first_seen_unix_nano"}


@router.get("")
async def list_users(request: Request, context: Context, project_id: ProjectId) -> Response:
    """Users, those seen last first."""
    fields = ("limit", "cursor", "order_by", "user_id", "first_seen", "last_seen", "traits")
    parameters = read_parameters(request.query_params, fields)
    column, descending = parameters.order(ORDERS)
    conditions = [
        *text_conditions(parameters, ("user_id",)),
        *time_conditions(parameters, "first_seen", "first_seen_unix_nano"),
        *time_conditions(parameters, "last_seen", "last_seen_unix_nano"),
        *property_conditions(parameters, "traits"),
    ]
    async with context.reader.freely_planned() as connection:
        rows, following = await InteractionReads(connection, project_id).users(
            conditions,
            column,
            descending=descending,
            after=read_cursor(parameters.text("cursor")),
            limit=parameters.limit(),
        )
    return page([_json(row) for row in rows], following)


@router.get("/{user_id:path}")
async def get_user(user_id: str, context: Context, project_id: ProjectId) -> Response:
    """One user."""
    async with context.reader.freely_planned() as connection:
        row = await InteractionReads(connection, project_id).user(user_id.replace("\0", ""))
    if row is None:
        raise NotFound(f"No user has the id {user_id}.")
    return answer(_json(row))


@router.delete("/{user_id:path}")
async def delete_user(user_id: str, context: Context, project_id: ProjectId) -> Response:
    """Erases a user, and keeps them away from then on, whether anything was found of them or not."""
    erased = await erase_user(context.conninfo, project_id, user_id.replace("\0", ""))
    return answer(asdict(erased) | {"is_complete": erased.is_complete})


def _json(row: UserRow) -> dict[str, Any]:
    return {
        "id": row.user_id,
        "traits": row.traits,
        "first_seen": iso(row.first_seen_unix_nano),
        "last_seen": iso(row.last_seen_unix_nano),
        "event_count": row.interaction_count,
    }
