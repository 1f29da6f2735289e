"""Fill a new data directory, or the empty database of --database-url, from a file that `rainbarrel backup` wrote.

The schema of an older version is brought up to date. No server may run on the data directory.
"""

import argparse
from contextlib import nullcontext
from pathlib import Path

from trace_store.exceptions import RainbarrelError
from trace_store.migrate import migrate
from trace_store.upkeep.dump import restore
from web.attach import embedded_database
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel restore rainbarrel-2026-11-21.dump --data-dir /var/lib/rainbarrel-new
  rainbarrel restore rainbarrel-2026-11-21.dump --database-url postgresql://user:password@host/empty_database
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """From where, and into which database."""
    parser.add_argument("file", metavar="FILE", type=Path)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Restore and migrate."""
    if not arguments.file.is_file():
        raise RainbarrelError(f"There is no file {arguments.file}.")
    settings = read_settings(vars(arguments))
    given = settings.database_url
    with nullcontext(given) if given else embedded_database(settings.data_dir) as conninfo:
        restore(conninfo, arguments.file)
        report = migrate(conninfo)
    print(f"restored from {arguments.file}; schema version {report.version}")
    return 0
