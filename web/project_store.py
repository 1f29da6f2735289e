"""`--project NAME`: the store of a command, together with the project that it is about."""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT, DEFAULT_PROJECT_ID
from trace_store.projects import read_projects
from web.attach import open_store
from web.requests.errors import WebError
from web.settings import Settings, read_settings


class ProjectStore(NamedTuple):
    """A database, and one of its projects."""

    conninfo: str
    project_id: int


def add_project_option(parser: argparse.ArgumentParser) -> None:
    """The option; `arguments.project` is the project's name."""
    parser.add_argument("--project", metavar="NAME", default=DEFAULT_PROJECT, help="default: %(default)s")


@contextmanager
def open_project(settings: Settings, project: str) -> Iterator[ProjectStore]:
    """The store that `settings` mean and the project of this name; raises RainbarrelError when there is no such one.

    What the block refuses as a page would is refused as a command does.
    """
    with open_store(settings) as conninfo:
        is_default = project == DEFAULT_PROJECT
        store = ProjectStore(conninfo, DEFAULT_PROJECT_ID if is_default else asyncio.run(_id_of(conninfo, project)))
        try:
            yield store
        except WebError as error:
            raise RainbarrelError(error.sentence) from None


def run_action(
    arguments: argparse.Namespace,
    command: str,
    words: Mapping[str, Sequence[str]],
    actions: Mapping[str, Callable[[argparse.Namespace, ProjectStore], None]],
) -> int:
    """Does what `arguments.action` says, which takes as many words as `words` names."""
    wanted = words[arguments.action]
    if len(arguments.words) != len(wanted):
        raise RainbarrelError(f"That is `rainbarrel {command} {' '.join((arguments.action, *wanted))}`.")
    with open_project(read_settings(vars(arguments)), arguments.project) as store:
        actions[arguments.action](arguments, store)
    return 0


async def _id_of(conninfo: str, project: str) -> int:
    with translate_errors():
        async with await connect(conninfo, "rainbarrel command") as connection:
            projects = {found.slug: found.project_id for found in await read_projects(connection)}
    if project not in projects:
        raise RainbarrelError(f"There is no project {project}; `rainbarrel projects list` names those that there are.")
    return projects[project]
