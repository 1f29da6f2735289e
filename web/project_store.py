"""`--project NAME`: the store of a command, together with the project that it is about."""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT, DEFAULT_PROJECT_ID
from trace_store.projects import read_projects
from web.attach import open_store
from web.settings import Settings


class ProjectStore(NamedTuple):
    """A database, and one of its projects."""

    conninfo: str
    project_id: int


def add_project_option(parser: argparse.ArgumentParser) -> None:
    """The option; `arguments.project` is the project's name."""
    parser.add_argument("--project", metavar="NAME", default=DEFAULT_PROJECT, help="default: %(default)s")


@contextmanager
def open_project(settings: Settings, project: str) -> Iterator[ProjectStore]:
    """The store that `settings` mean and the project of this name; raises RainbarrelError when there is no such one."""
    with open_store(settings) as conninfo:
        is_default = project == DEFAULT_PROJECT
        yield ProjectStore(conninfo, DEFAULT_PROJECT_ID if is_default else asyncio.run(_id_of(conninfo, project)))


async def _id_of(conninfo: str, project: str) -> int:
    with translate_errors():
        async with await connect(conninfo, "rainbarrel command") as connection:
            projects = {found.slug: found.project_id for found in await read_projects(connection)}
    if project not in projects:
        raise RainbarrelError(f"There is no project {project}; `rainbarrel projects list` names those that there are.")
    return projects[project]
