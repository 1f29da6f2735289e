"""Erase a user: their events, traces, logs and feedback, what was derived of them, and their bytes. What is sent again
of it later is refused. docs/privacy.md says what belongs to a user, and what an erasure does not reach (backups).

Changes the database of the server that runs on the data directory, of --database-url, or of the data directory itself.
"""

import argparse
import asyncio
import sys

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.erase_user import ErasedUser, erase_user
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT
from trace_store.projects import read_projects
from web.attach import open_store
from web.filters import number
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel erase-user user-42
  rainbarrel erase-user user-42 --project shop

Exit code 1 when something is left that a sentence names.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Whom, and where."""
    parser.add_argument("user_id", metavar="ID", help="as applications name the user")
    parser.add_argument("--project", metavar="NAME", default=DEFAULT_PROJECT, help="default: %(default)s")
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Erase, and say what is gone and what is left."""
    with open_store(read_settings(vars(arguments))) as conninfo:
        erased = asyncio.run(_erase(conninfo, arguments.project, arguments.user_id))
    print(
        f"Erased: {number(erased.trace_count)} traces with {number(erased.span_count)} spans, "
        f"{number(erased.event_count)} interactions."
    )
    if erased.underived_count:
        print(
            f"{number(erased.underived_count)} traces and interactions are not derived yet, so that nobody knows whose "
            "they are: let `rainbarrel serve` run, then erase again.",
            file=sys.stderr,
        )
    if erased.waiting_blob_count:
        print(
            f"{number(erased.waiting_blob_count)} blobs hold erased bytes beside traces that still grow; the server "
            "rewrites them within minutes after these have come to rest.",
            file=sys.stderr,
        )
    return 0 if erased.is_complete else 1


async def _erase(conninfo: str, slug: str, user_id: str) -> ErasedUser:
    with translate_errors():
        async with await connect(conninfo, "rainbarrel erase-user") as connection:
            projects = {project.slug: project.project_id for project in await read_projects(connection)}
    if slug not in projects:
        raise RainbarrelError(f"There is no project {slug}; `rainbarrel projects list` names those that there are.")
    return await erase_user(conninfo, projects[slug], user_id)
