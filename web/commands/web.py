"""Run only the pages and the query API, on a database that other machines share. Needs --database-url."""

import argparse

from web.processes.standalone import run_front
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel web --database-url postgresql://user:password@host/database --http-port 8080
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Where to listen and which database."""
    names = [
        "host",
        "http_port",
        "database_url",
        "insecure",
        "keyless_loopback",
        "password_hash",
        *("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_admins", "oidc_readers", "public_url"),
        "projects_max",
        *("own_traces", "tls_certificate", "tls_key", "tls_client_ca"),
        "drain_timeout_s",
        "prices",
        "tool_rules",
        "mappings",
        "trace_links",
        "log_level",
        "log_format",
    ]
    add_flags(parser, names)


def run(arguments: argparse.Namespace) -> int:
    """Serve pages until stopped."""
    return run_front("web", read_settings(vars(arguments)), has_receivers=False, has_pages=True)
