"""The projects of a store: each is a space of its own, and its slug is what requests and URLs name."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT
from trace_store.queries import load

SQL = load("access")
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")  # the whole of it; Raindrop's rule for project ids
SLUG_RULE = "1 to 63 lower-case letters, digits and hyphens, neither first nor last a hyphen"


class BadProjectName(RainbarrelError):
    """The name of a project does not fit the rule, or the project cannot be changed so."""


@dataclass(frozen=True, slots=True)
class Project:
    """One project."""

    project_id: int
    slug: str
    created_at: datetime
    archived_at: datetime | None

    @property
    def is_archived(self) -> bool:
        """Whether it takes nothing and shows nothing."""
        return self.archived_at is not None


def check_slug(slug: str) -> None:
    """Raises BadProjectName for what cannot be the name of a project."""
    if not SLUG.fullmatch(slug):
        raise BadProjectName(f"{slug[:100]!r} is no name of a project: it has {SLUG_RULE}.")


async def read_projects(connection: psycopg.AsyncConnection[Any]) -> list[Project]:
    """All projects, the oldest first."""
    with translate_errors():
        return [Project(*row) for row in await (await connection.execute(SQL.all_projects)).fetchall()]


async def add_project(connection: psycopg.AsyncConnection[Any], slug: str, projects_max: int) -> Project | None:
    """Adds a project; None when it is there already or when there are `projects_max` projects."""
    check_slug(slug)
    with translate_errors():
        cursor = await connection.execute(SQL.add_project, {"slug": slug, "projects_max": projects_max})
        row = await cursor.fetchone()
    return None if row is None else Project(*row)


async def archive_project(connection: psycopg.AsyncConnection[Any], slug: str, *, is_archived: bool) -> Project | None:
    """Archives a project or takes it back; None when there is none of that name. What it holds stays."""
    if slug == DEFAULT_PROJECT and is_archived:
        raise BadProjectName("The default project cannot be archived: requests that name no project go there.")
    with translate_errors():
        cursor = await connection.execute(SQL.archive_project, {"slug": slug, "is_archived": is_archived})
        row = await cursor.fetchone()
    return None if row is None else Project(*row)
