"""Makes accepted spans and logs for tests of the store."""

import hashlib
import itertools
import time
from typing import Any

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from trace_store.model import AcceptedLog, AcceptedSpan, Envelope

NOW = time.time_ns()
_numbers = itertools.count(1)


def envelope(otlp: bytes = b"", schema_url: str = "") -> Envelope:
    url = schema_url.encode()
    digest = hashlib.sha256(len(otlp).to_bytes(8) + otlp + len(url).to_bytes(8) + url).digest()
    return Envelope(int.from_bytes(digest[:8], signed=True), digest, otlp, schema_url)


NO_RESOURCE = envelope()


def new_id(length: int) -> bytes:
    return hashlib.sha256(next(_numbers).to_bytes(8)).digest()[:length]


def span(trace_id: bytes | None = None, **fields: Any) -> AcceptedSpan:
    """A span that starts now and ends a second later; its bytes are unique unless given."""
    trace_id, span_id = trace_id or new_id(16), new_id(8)
    otlp = Span(trace_id=trace_id, span_id=span_id, name="work").SerializeToString()
    made = AcceptedSpan(
        *(1, trace_id, span_id, b"", NOW, NOW + 1_000_000_000, "work", 1, 0, (), NO_RESOURCE, NO_RESOURCE, otlp)
    )
    return made._replace(**fields)


def log(trace_id: bytes = b"", **fields: Any) -> AcceptedLog:
    """A log record of now; its bytes are unique unless given."""
    otlp = LogRecord(trace_id=trace_id, event_name=new_id(8).hex()).SerializeToString()
    return AcceptedLog(1, trace_id, b"", NOW, 9, "event", NO_RESOURCE, NO_RESOURCE, otlp)._replace(**fields)
