"""Run only the OTLP receivers (gRPC and HTTP) on a database that other machines share. Needs --database-url and a
schema that `rainbarrel migrate` or `rainbarrel serve` has made; run at least one `rainbarrel process` beside it.
"""

import argparse

from web.processes.standalone import run_front
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel receive --database-url postgresql://user:password@host/database
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Where to listen, which database, limits."""
    add_flags(
        parser,
        [
            "host",
            "grpc_port",
            "http_port",
            "database_url",
            "retention_days",
            "insecure",
            "keyless_loopback",
            "projects_max",
            "request_bytes_max",
            "queue_bytes_max",
            "ingest_bytes_per_minute",
            "own_traces",
            "tls_certificate",
            "tls_key",
            "tls_client_ca",
            "drain_timeout_s",
            "log_level",
            "log_format",
        ],
    )


def run(arguments: argparse.Namespace) -> int:
    """Receive until stopped."""
    return run_front("receive", read_settings(vars(arguments)), has_receivers=True, has_pages=False)
