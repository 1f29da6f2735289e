"""Erase a user: their events, traces, logs and feedback, what was derived of them, and their bytes. What is sent again
of it later is refused. docs/privacy.md says what belongs to a user, and what an erasure does not reach (backups).

Changes the database of the server that runs on the data directory, of --database-url, or of the data directory itself.
"""

import argparse
import asyncio
import sys

from trace_store.upkeep.erase_user import erase_user
from web.filters import number
from web.project_store import add_project_option, open_project
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
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Erase, and say what is gone and what is left."""
    with open_project(read_settings(vars(arguments)), arguments.project) as store:
        erased = asyncio.run(erase_user(*store, arguments.user_id))
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
