"""Start everything: the embedded PostgreSQL (without --database-url), the OTLP receivers, the processor and the pages.

Runs until Ctrl-C or SIGTERM; then it finishes the requests under way and stops the database.
"""

import argparse

from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.prices.price_file import read_prices
from web.processes.logs import set_up_logs
from web.processes.supervisor import Supervisor
from web.settings import TABLE, add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel serve
  rainbarrel serve --http-port 0 --grpc-port 0 --data-dir /tmp/second
  rainbarrel serve --database-url postgresql://user:password@host/database --workers 2

Every option can also be set in the environment: --http-port is RAINBARREL_HTTP_PORT, and so on.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """All settings."""
    add_flags(parser, [setting.name for setting in TABLE])


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped; 1 when something could not start or kept failing."""
    settings = read_settings(vars(arguments))
    read_prices(settings.prices)  # a fault in a file is told at once and not by a child that ends
    use_tool_rules(settings.tool_rules)
    set_up_logs("serve", settings.log_level, settings.log_format)
    return Supervisor(settings).run()
