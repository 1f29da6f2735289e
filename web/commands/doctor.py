"""Check a running server from end to end: ports, database, schema, disk, clock, and a test span that is sent over gRPC
and over HTTP, stored and derived. Every line says ok, or warn or FAIL and what to do.
"""

import argparse

from web.diagnosis.checks import Context, check_all
from web.processes.server_file import read_running
from web.settings import CLIENT_TLS, add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel doctor
  rainbarrel doctor --url http://127.0.0.1:4318
  rainbarrel doctor --url http://receiver:4318 --pages-url http://pages:4318

Exit code 0 when all is well, 1 when a line says FAIL.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Which server; without one, what one would find."""
    parser.add_argument("--url", help="address of the server (default: the one that runs on the data directory)")
    parser.add_argument("--pages-url", help="address of `rainbarrel web`, where --url is a `rainbarrel receive`")
    add_flags(
        parser, ["data_dir", "database_url", "host", "grpc_port", "http_port", "key", "tls_client_ca", *CLIENT_TLS]
    )


def run(arguments: argparse.Namespace) -> int:
    """Print one line per check."""
    settings = read_settings(vars(arguments))
    failures = warnings = 0
    server = read_running(settings.data_dir)
    for finding in check_all(Context(settings, arguments.url, arguments.pages_url, server)):
        print(finding.line, flush=True)
        failures += not finding.ok
        warnings += finding.level == "warn"
    well = f"All is well, but for {warnings} warnings." if warnings else "All is well."
    print(f"{failures} of these need attention." if failures else well)
    return 1 if failures else 0
