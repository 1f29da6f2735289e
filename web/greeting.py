"""What `serve` prints once it is ready: where everything is, and how to send the first span."""

import json
import secrets
import shlex
import sys
import time
from pathlib import Path

from web.server_file import ServerFile
from web.settings import Settings


def greeting(server: ServerFile, settings: Settings, embedded_version: str) -> str:
    """The text; the commands in it can be copied as they are."""
    trace_id = secrets.token_hex(16)
    days = "1 day" if settings.retention_days == 1 else f"{settings.retention_days} days"
    database = f"embedded PostgreSQL {embedded_version}" if embedded_version else "the database of --database-url"
    return f"""
Rainbarrel {server.version} is ready (pid {server.pid}).

  Pages      {server.url}/
  OTLP/HTTP  {server.url}
  OTLP/gRPC  {server.grpc_endpoint}
  Storage    {database}: {server.tier}
  Data       {settings.data_dir} (spans are kept for {days})

Point an OpenTelemetry SDK or collector here:
  export OTEL_EXPORTER_OTLP_ENDPOINT={server.url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
or send a first span by hand, then open {server.url}/traces/{trace_id}
  {first_span_command(server.url, trace_id)}
or a sample agent:
  {this_command()} demo --url {server.url}

Ctrl-C stops.
"""


def first_span_command(url: str, trace_id: str) -> str:
    """A curl command that sends one span of one second that ended just now."""
    now = time.time_ns()
    span = {
        "traceId": trace_id,
        "spanId": secrets.token_hex(8),
        "name": "first span",
        "kind": 1,
        "startTimeUnixNano": str(now - 1_000_000_000),
        "endTimeUnixNano": str(now),
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}, separators=(",", ":"))
    return f"curl {url}/v1/traces -H 'content-type: application/json' -d {shlex.quote(body)}"


def this_command() -> str:
    """How the user called us, so that the next command can be copied."""
    program = Path(sys.argv[0])
    return shlex.quote(str(program)) if program.name == "rainbarrel" else "rainbarrel"
