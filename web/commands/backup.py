"""Write the whole database (spans, everything derived, keys, channels, rules) to a file, while the server runs on.

Reads the database of the server that runs on the data directory, of --database-url, or of the data directory itself.
"""

import argparse
from pathlib import Path

from trace_store.upkeep.dump import dump
from web.attach import open_store
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel backup rainbarrel-2026-11-21.dump
  rainbarrel restore rainbarrel-2026-11-21.dump --data-dir /var/lib/rainbarrel-new
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Where to, and which database."""
    parser.add_argument("file", metavar="FILE", type=Path)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Write the file."""
    with open_store(read_settings(vars(arguments))) as conninfo:
        dump(conninfo, arguments.file)
    print(f"{arguments.file}: {arguments.file.stat().st_size:,} bytes; keep it as safe as the database itself")
    return 0
