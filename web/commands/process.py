"""Run only the processor, which derives trees, tool errors and loops from what receivers store, and keeps the
database tidy. Needs --database-url. Several may run on one database.
"""

import argparse
from functools import partial

from web.processes.logs import set_up_logs
from web.processes.processing import process
from web.processes.role import run_role
from web.processes.standalone import require_database
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel process --database-url postgresql://user:password@host/database
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Which database."""
    add_flags(
        parser,
        [
            "database_url",
            "retention_days",
            "settle_delay_s",
            "orphan_settle_delay_s",
            "mappings",
            "loop_repeats_min",
            "loop_waiting_repeats_min",
            "prices",
            "tool_rules",
            "public_url",
            "private_targets",
            "own_traces",
            "log_level",
            "log_format",
        ],
    )


def run(arguments: argparse.Namespace) -> int:
    """Process until stopped."""
    settings = read_settings(vars(arguments))
    set_up_logs("process", settings.log_level, settings.log_format)
    return run_role(partial(process, settings, require_database(settings)))
