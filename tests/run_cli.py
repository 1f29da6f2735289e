"""Runs `rainbarrel COMMAND` as users do: a process of its own, not the function."""

import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 180.0


def rainbarrel(*words: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command, run to its end, with its output captured."""
    return subprocess.run(
        [sys.executable, "-m", "web.cli", *map(str, words)],
        cwd=ROOT,
        input=data,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def span_json(trace_id: str, **fields: Any) -> dict[str, Any]:
    """A span in OTLP/JSON that ended just now."""
    now = time.time_ns()
    span = {"traceId": trace_id, "spanId": secrets.token_hex(8), "name": "step", "kind": 1}
    return span | {"startTimeUnixNano": str(now - 10**9), "endTimeUnixNano": str(now)} | fields


def request_json(*spans: dict[str, Any]) -> bytes:
    """An ExportTraceServiceRequest in OTLP/JSON."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def span_ids(otlp_json: bytes) -> set[str]:
    """The span ids in a TracesData in OTLP/JSON."""
    return {
        span["spanId"]
        for resource in json.loads(otlp_json)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    }
