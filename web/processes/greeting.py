"""What `serve` prints once it is ready: where everything is, and how to send the first span."""

import json
import secrets
import shlex
import sys
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

from web.processes.ports import is_ip_address, is_loopback, needs_keys
from web.processes.server_file import ServerFile
from web.settings import Settings

if TYPE_CHECKING:
    from web.tls.files import TlsFiles


def greeting(
    server: ServerFile, settings: Settings, embedded_version: str, first_key: str = "", tls: "TlsFiles | None" = None
) -> str:
    """The text; the commands in it can be copied as they are."""
    trace_id = secrets.token_hex(16)
    url, grpc_endpoint = (_as_certified(place, tls) for place in (server.url, server.grpc_endpoint))
    days = "1 day" if settings.retention_days == 1 else f"{settings.retention_days} days"
    database = f"embedded PostgreSQL {embedded_version}" if embedded_version else "the database of --database-url"
    return f"""
Rainbarrel {server.version} is ready (pid {server.pid}).

  Pages      {url}/
  OTLP/HTTP  {url}
  OTLP/gRPC  {grpc_endpoint}
  Storage    {database}: {server.tier}
  Data       {settings.data_dir} (spans are kept for {days})
  Keys       {_about_keys(settings, first_key)}{_about_tls(tls)}

Point an OpenTelemetry SDK or collector here:
  export OTEL_EXPORTER_OTLP_ENDPOINT={url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf{_key_variable(settings)}
or send a first span by hand, then open {url}/traces/{trace_id}
  {first_span_command(url, trace_id, needs_keys(settings.host, insecure=settings.insecure))}
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


def _about_tls(tls: "TlsFiles | None") -> str:
    if tls is None:
        return ""
    until, names = f"{tls.certificate.not_valid_after_utc:%Y-%m-%d}", ", ".join(tls.names) or "no name"
    shown = "; clients have to show a certificate too" if tls.client_ca else ""
    return (
        f"\n  TLS        a certificate for {names}, valid until {until}{shown}"
        "\n             SDKs that do not know its CA: OTEL_EXPORTER_OTLP_CERTIFICATE=FILE; curl: --cacert FILE"
    )


def _as_certified(url: str, tls: "TlsFiles | None") -> str:
    """The URL with a name that the certificate is for, where it is not for the address that we listen on."""
    parts = urllib.parse.urlsplit(url)
    if tls is None or parts.hostname is None or tls.is_for(parts.hostname):
        return url
    name = next((name for name in tls.names if not name.startswith("*.") and not is_ip_address(name)), None)
    return f"{parts.scheme}://{name}:{parts.port}" if name else url


def _which_server(server: ServerFile, settings: Settings) -> str:
    """By its folder the command finds a key and the certificate as well."""
    if server.certificate_file or needs_keys(settings.host, insecure=settings.insecure):
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
