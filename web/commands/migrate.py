"""Bring the schema of a PostgreSQL or TimescaleDB database to this version. Schemas only go forward.

`rainbarrel serve` does the same at its start. Without --database-url it is the embedded PostgreSQL of --data-dir.
"""

import argparse

from trace_store.failpoints import arm_failpoints
from trace_store.migrate import migrate
from web.attach import open_store
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel migrate --database-url postgresql://user:password@host/database
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Which database."""
    add_flags(parser, ["database_url", "data_dir"])


def run(arguments: argparse.Namespace) -> int:
    """Migrate and say what was done."""
    settings = read_settings(vars(arguments))
    arm_failpoints(settings.failpoints)
    with open_store(settings) as conninfo:
        report = migrate(conninfo)
    done = f"applied {', '.join(report.applied)}" if report.applied else "nothing to do"
    print(f"schema version {report.version} ({done}); storage tier: {report.tier.label}")
    return 0
