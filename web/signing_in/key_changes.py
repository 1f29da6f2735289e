"""Access keys and projects as administrators list, make and end them; pages, API and commands share the rules.

Who administers some projects alone sees and makes keys for these alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from otlp_receiver.access import Access
from trace_store.access_keys import KINDS, AccessKey, add_key, read_keys, revoke_key
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.projects import Project, read_projects
from web.context import WebContext
from web.requests.errors import BadRequest, Forbidden, NotFound

NAME_CHARS_MAX = 100
FIELDS = ("kind", "name", "projects")
KEYS_MAX = 10_000  # all of them are held in memory


class BadKey(RainbarrelError):
    """A key cannot be made like this."""


def read_key(said: Mapping[str, Any], projects: Sequence[Project]) -> tuple[str, str, list[int] | None]:
    """Kind, name and project ids (None: all) of a key that somebody wants; BadKey names what is wrong."""
    if unknown := [field for field in said if field not in FIELDS]:
        raise BadKey(f"{', '.join(unknown)} is not known here; send {', '.join(FIELDS)}.")
    kind, name, slugs = said.get("kind"), said.get("name"), said.get("projects") or []
    if kind not in KINDS:
        raise BadKey(f"kind is one of {', '.join(KINDS)}.")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise BadKey(f"name is a text of 1 to {NAME_CHARS_MAX} characters that can be printed.")
    if not isinstance(slugs, list):
        raise BadKey('projects is a list of names such as ["default"]; without one the key opens all projects.')
    known = {project.slug: project.project_id for project in projects}
    for slug in slugs:
        if slug not in known:
            raise BadKey(f"There is no project {str(slug)[:100]!r}; `rainbarrel projects create` makes one.")
    return kind, name.strip(), [known[slug] for slug in slugs] or None


async def make_key(context: WebContext, said: Mapping[str, Any]) -> tuple[str, AccessKey]:
    """A new key, which works at once, and its row; BadRequest or Forbidden when it cannot be."""
    allowed = _allowed(context)
    async with _connection(context) as connection:
        try:
            kind, name, project_ids = read_key(said, await read_projects(connection))
        except BadKey as error:
            raise BadRequest(str(error)) from None
        if allowed is not None:
            project_ids = list(allowed) if project_ids is None else project_ids
            if not set(project_ids) <= set(allowed):
                raise Forbidden("This key administers other projects than those.")
        if len(await read_keys(connection)) >= KEYS_MAX:
            raise BadRequest(f"There are {KEYS_MAX} keys, which is as many as there may be.")
        made = await add_key(connection, kind, name, project_ids)
    await context.control.ring.fresh()
    return made


async def end_key(context: WebContext, key_id: int) -> None:
    """Revokes a key; NotFound when there is none such that this administrator may see."""
    known = {key.key_id: key for key, _ in await list_keys(context)}
    if key_id not in known:
        raise NotFound(f"There is no key {key_id}.")
    async with _connection(context) as connection:
        await revoke_key(connection, key_id)
    await context.control.ring.fresh()


async def list_keys(context: WebContext) -> list[tuple[AccessKey, tuple[str, ...]]]:
    """The keys that this administrator may see with their projects (none: all), the newest first."""
    allowed = _allowed(context)
    async with _connection(context) as connection:
        keys, projects = await read_keys(connection), await read_projects(connection)
    slugs = {project.project_id: project.slug for project in projects}
    return [
        (key, key_projects(key, slugs))
        for key in reversed(keys)
        if allowed is None or (key.project_ids is not None and set(key.project_ids) <= set(allowed))
    ]


async def list_projects(context: WebContext) -> list[Project]:
    """The projects that this administrator may see."""
    allowed = _allowed(context)
    async with _connection(context) as connection:
        return [each for each in await read_projects(connection) if allowed is None or each.project_id in allowed]


def key_projects(key: AccessKey, slugs: Mapping[int, str]) -> tuple[str, ...]:
    """The names of a key's projects; none for all."""
    return tuple(slugs.get(project_id, f"number {project_id}") for project_id in key.project_ids or ())


def key_json(key: AccessKey, projects: tuple[str, ...]) -> dict[str, Any]:
    """A key as JSON; the key itself is stored nowhere."""
    return {
        "key_id": key.key_id,
        "kind": key.kind,
        "name": key.name,
        "projects": list(projects) or None,
        "shown": key.shown,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def _allowed(context: WebContext) -> tuple[int, ...] | None:
    access: Access | None = context.access
    assert access is not None
    return access.holder.project_ids


@asynccontextmanager
async def _connection(context: WebContext) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    with translate_errors():
        async with context.pool.connection() as connection:
            yield connection
