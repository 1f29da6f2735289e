"""List, create, archive and restore projects. An archived one takes nothing and shows nothing; what it holds stays
until its days are past retention. Reads the database of the server that runs on the data directory, of --database-url,
or of the data directory itself.
"""

import argparse
import asyncio

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.projects import add_project, archive_project, read_projects
from web.attach import open_store
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel projects list
  rainbarrel projects create shop
  rainbarrel projects archive shop
  rainbarrel projects restore shop
"""
PROJECTS_MAX = 2**31 - 1  # the setting bounds what requests make; who sits here may make any number


def configure(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which project."""
    parser.add_argument("action", choices=("list", "create", "archive", "restore"))
    parser.add_argument("project", metavar="NAME", nargs="?", help="of all but list")
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    if arguments.action != "list" and not arguments.project:
        raise RainbarrelError("Say which project; `rainbarrel projects list` names those that there are.")
    with open_store(read_settings(vars(arguments))) as conninfo:
        return asyncio.run(_run(conninfo, arguments.action, arguments.project))


async def _run(conninfo: str, action: str, slug: str) -> int:
    with translate_errors():
        async with await connect(conninfo, "rainbarrel projects") as connection:
            if action == "list":
                for project in await read_projects(connection):
                    print(f"{project.slug}{'  archived' if project.is_archived else ''}")
            elif action == "create":
                if await add_project(connection, slug, PROJECTS_MAX) is None:
                    raise RainbarrelError(f"There is a project {slug} already.")
                print(f"{slug} is there; `rainbarrel keys create --kind write --name ... --project {slug}` opens it.")
            else:
                is_archived = action == "archive"
                if await archive_project(connection, slug, is_archived=is_archived) is None:
                    raise RainbarrelError(f"There is no project {slug}.")
                print(f"{slug} is {'archived' if is_archived else 'open again'}; running servers know within seconds.")
    return 0
