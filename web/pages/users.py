"""`/users` and `/users/{id}`: who uses the application, what they asked, what went wrong for them; with JSON twins."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Response

from trace_store.interactions.interaction_lists import (
    FeedbackSaid,
    InteractionSummary,
    feedback_of,
    interactions_of_user,
    read_user,
    user_count,
    users_page,
)
from trace_store.interactions.interaction_reads import Place
from trace_store.interactions.interaction_rows import UserRow
from web.context import WebContext, context_of
from web.conversations.interaction_view import feedback_by_event, interaction_json, interaction_view, user_url
from web.lists.places import place_text, read_place
from web.pages.interaction_models import UserPage, UserRowView, UsersPage
from web.requests.errors import NotFound
from web.requests.json_answers import json_answer
from web.requests.names_in_paths import name_of_path
from web.requests.page_urls import url_with
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]
PAGE_ROWS = 50
TRAITS_SHOWN = 3  # in the list


@router.get("/users.json")
async def show_users_json(context: Context, q: str = "", before: str = "") -> Response:
    """The list as JSON."""
    users, total, later = await _users(context, q, before)
    body = {"users": [_user_json(user) for user in users], "next": later or None, "shown": len(users), "total": total}
    return json_answer(body)


@router.get("/users")
async def show_users(context: Context, q: str = "", before: str = "") -> Response:
    """The users, the last seen first; `q` is looked for in ids and traits."""
    users, total, later = await _users(context, q, before)
    view = UsersPage(
        users=tuple(_row_view(user) for user in users),
        total=total,
        text=q,
        json_url=url_with("/users.json", {"q": q}),
        later_url=url_with("/users", {"q": q, "before": later}) if later else "",
    )
    return page("users.html", page=view, footer=await context.footer())


@router.get("/users/{name:path}.json")
async def show_user_json(name: str, context: Context, before: str = "") -> Response:
    """One user as JSON."""
    user, interactions, feedback, later = await _user(context, name_of_path(name), before)
    told = [interaction_json(row, feedback.get(row.event_id, ())) for row in interactions]
    return json_answer(_user_json(user) | {"interactions": told, "shown": len(told), "next": later or None})


@router.get("/users/{name:path}")
async def show_user(name: str, context: Context, before: str = "") -> Response:
    """One user with their traits and interactions, the newest first."""
    user, interactions, feedback, later = await _user(context, name_of_path(name), before)
    url = user_url(user.user_id)
    view = UserPage(
        user=_row_view(user),
        traits=tuple((key, _text(value)) for key, value in user.traits.items()),
        interactions=tuple(interaction_view(row, feedback.get(row.event_id, ())) for row in interactions),
        json_url=url_with(f"{url}.json", {"before": before}),
        later_url=url_with(url, {"before": later}) if later else "",
    )
    return page("user.html", page=view, footer=await context.footer())


async def _users(context: WebContext, text: str, before: str) -> tuple[list[UserRow], int, str]:
    """A page of users, how many there are, and where the next page begins ("": nowhere)."""
    place = read_place(before)
    async with context.reader.freely_planned() as connection:
        users = await users_page(connection, context.project_id, place, text, PAGE_ROWS + 1)
        total = await user_count(connection, context.project_id)
    shown = users[:PAGE_ROWS]
    last = Place(shown[-1].last_seen_unix_nano, shown[-1].user_id) if len(users) > PAGE_ROWS else None
    return shown, total, place_text(last)


async def _user(
    context: WebContext, name: str, before: str
) -> tuple[UserRow, list[InteractionSummary], dict[str, list[FeedbackSaid]], str]:
    place = read_place(before)
    async with context.reader.freely_planned() as connection:
        user = await read_user(connection, context.project_id, name)
        if user is None:
            raise NotFound(f"No user {name} is known: nothing was received of them, or it is past retention.")
        rows = await interactions_of_user(connection, context.project_id, user.user_id, place, PAGE_ROWS + 1)
        shown = rows[:PAGE_ROWS]
        feedback = await feedback_of(connection, context.project_id, [row.event_id for row in shown])
    last = Place(shown[-1].start_unix_nano, shown[-1].event_id) if len(rows) > PAGE_ROWS else None
    return user, shown, feedback_by_event(feedback), place_text(last)


def _row_view(user: UserRow) -> UserRowView:
    traits = [f"{key}: {_text(value)}" for key, value in list(user.traits.items())[:TRAITS_SHOWN]]
    return UserRowView(
        user_id=user.user_id,
        url=user_url(user.user_id),
        traits=", ".join(traits) + (", …" if len(user.traits) > TRAITS_SHOWN else ""),
        first_seen_unix_nano=user.first_seen_unix_nano,
        last_seen_unix_nano=user.last_seen_unix_nano,
        interaction_count=user.interaction_count,
    )


def _user_json(user: UserRow) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "traits": user.traits,
        "first_seen_unix_nano": str(user.first_seen_unix_nano),
        "last_seen_unix_nano": str(user.last_seen_unix_nano),
        "interaction_count": user.interaction_count,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
