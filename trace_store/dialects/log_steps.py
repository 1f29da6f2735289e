"""Log records as steps of their own: agents that send mostly or only log records, and records without their span.

A record becomes a step by itself, whatever else has arrived: its ids follow from its own content, so that neither
order nor repetition can change the outcome. Its step is a Span message that holds the record as an event; the dialect
that knows the record reads it there like any other.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as OtlpLogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

from trace_store.dialects.dialect import Dialect
from trace_store.dialects.reading import as_count, as_text
from trace_store.dialects.records import NamedRecord
from trace_store.model import LogRecord

_DURATIONS = ("duration_ms", "duration")  # of what ended when the record was written
_MS = 1_000_000
_NANO_MAX = 2**63 - 1


class LogStep(NamedTuple):
    """The step that a log record is."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes  # empty for none
    start_unix_nano: int
    end_unix_nano: int
    name: str
    otlp: bytes  # a Span message


def log_step(dialect: Dialect, known: NamedRecord, log: LogRecord, digest: bytes, otlp: bytes) -> LogStep | None:
    """The step that a record is where no span tells about it; None for a record that is none or names no run.

    `digest` is that of the stored record, `otlp` its bytes.
    """
    record = known.record
    if not record.stands_alone:
        return None
    trace_id, span_id, parent_span_id = log.trace_id, digest[:8], log.span_id
    if not trace_id:
        run = _run(dialect, known.values)
        if run is None:
            return None
        trace_id, is_whole = run
        root = hashlib.sha256(b"root of " + trace_id).digest()[:8]
        span_id, parent_span_id = (root, b"") if record.opens and is_whole else (span_id, root)
    end = min(max(log.time_unix_nano, 1), _NANO_MAX)
    duration = next((count for key in _DURATIONS if (count := as_count(known.values.get(key))) is not None), 0)
    start = max(end - duration * _MS, 1)
    name = as_text(known.values.get(record.title)) if record.title else None
    if name is None:
        name = dialect.name if record.kind.type == "agent" else known.name
    elif record.kind.type == "guardrail":
        name = f"{name} (refused)"
    span = OtlpSpan(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_span_id,
        name=name,
        kind=OtlpSpan.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=end,
    )
    attributes = OtlpLogRecord.FromString(otlp).attributes
    span.events.add(time_unix_nano=end, name=known.name).attributes.extend(attributes)
    return LogStep(trace_id, span_id, parent_span_id, start, end, name, span.SerializeToString(deterministic=True))


def _run(dialect: Dialect, values: Mapping[str, Any]) -> tuple[bytes, bool] | None:
    """The trace id that stands for the run a record names, and whether it names all that a run has."""
    named = [as_text(values.get(key)) for key in dialect.run_keys]
    if not named or not named[0]:
        return None
    text = "\0".join((dialect.name, *(name or "" for name in named)))
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:16], all(named)
