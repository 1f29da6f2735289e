"""What `serve` prints once it is ready: where everything is, and how to send the first span."""

import json
import secrets
import shlex
import sys
import time
from pathlib import Path

from web.ports import is_loopback, needs_keys
from web.server_file import ServerFile
from web.settings import Settings


def greeting(server: ServerFile, settings: Settings, embedded_version: str, first_key: str = "") -> str:
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
  Keys       {_about_keys(settings, first_key)}

Point an OpenTelemetry SDK or collector here:
  export OTEL_EXPORTER_OTLP_ENDPOINT={server.url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf{_key_variable(settings)}
or send a first span by hand, then open {server.url}/traces/{trace_id}
  {first_span_command(server.url, trace_id, needs_keys(settings.host, insecure=settings.insecure))}
or a sample agent:
  {this_command()} demo {_which_server(server, settings)}

Ctrl-C stops.
"""


def _about_keys(settings: Settings, first_key: str) -> str:
    if is_loopback(settings.host):
        return "none is needed: only this machine reaches this address"
    if settings.insecure:
        return "none is needed (--insecure): whoever reaches this address reads and writes"
    if first_key:
        return (
            f"needed. The first one, for everything, is printed only now:\n\n  {first_key}\n\n"
            f"             Sign in with it, or make others: {this_command()} keys create --kind write --name NAME"
        )
    return f"needed: {this_command()} keys create --kind write --name NAME"


def _which_server(server: ServerFile, settings: Settings) -> str:
    """By its folder the command finds a key as well."""
    if needs_keys(settings.host, insecure=settings.insecure):
        return f"--data-dir {shlex.quote(str(settings.data_dir))}"
    return f"--url {server.url}"


def _key_variable(settings: Settings) -> str:
    is_needed = needs_keys(settings.host, insecure=settings.insecure)
    return "\n  export OTEL_EXPORTER_OTLP_HEADERS=x-api-key=KEY" if is_needed else ""


def first_span_command(url: str, trace_id: str, with_key: bool = False) -> str:
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
    key = "-H 'x-api-key: KEY' " if with_key else ""
    return f"curl {url}/v1/traces {key}-H 'content-type: application/json' -d {shlex.quote(body)}"


def this_command() -> str:
    """How the user called us, so that the next command can be copied."""
    program = Path(sys.argv[0])
    return shlex.quote(str(program)) if program.name == "rainbarrel" else "rainbarrel"
