"""Inspect: the way from accepted records to the JSON contract without a database. Every trace counts as settled."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from tool_errors.contract import contract
from tool_errors.derive import derive
from tool_errors.findings import DerivedTrace
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.grouped.linked_traces import linked_traces
from tool_errors.judged import JudgedFacts
from tool_errors.log_steps import spans_of_logs
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.loop.loops import DEFAULT_THRESHOLDS
from tool_errors.normalise_spans import judge_stored
from trace_store.assembly import SpanNode
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.dialects import BUILT_IN
from trace_store.dialects.explain import Explanation, explain
from trace_store.dialects.registry import DialectRegistry
from trace_store.flush import digest_of_log
from trace_store.model import (
    DEFAULT_PROJECT,
    DEFAULT_PROJECT_ID,
    AcceptedLog,
    AcceptedSpan,
    Envelope,
    LogRecord,
    Span,
    SpanVersion,
)
from trace_store.rows import column_enum
from trace_store.spans import read_log, read_span
from trace_store.stored import SpanRow, StoredEnvelope, StoredLog, StoredSpan

_ANY_DAY = date(1970, 1, 1)


def inspect_records(
    spans: Iterable[AcceptedSpan],
    logs: Iterable[AcceptedLog],
    *,
    project: str = DEFAULT_PROJECT,
    registry: DialectRegistry = BUILT_IN,
    loops: LoopThresholds = DEFAULT_THRESHOLDS,
) -> list[dict[str, Any]]:
    """The JSON contract of every trace among the records, by start time."""
    return [contract(derived, project=project) for derived in derive_records(spans, logs, registry, loops)]


def explain_records(
    spans: Iterable[AcceptedSpan], logs: Iterable[AcceptedLog], registry: DialectRegistry = BUILT_IN
) -> Iterator[tuple[Span, Explanation]]:
    """Why each span became what it is, by start."""
    envelopes = DecodedEnvelopes()
    stored, logs_of_span = _stored(list(dict.fromkeys(spans)), logs, envelopes, registry)
    for span in sorted(stored, key=lambda span: (span.row.start_unix_nano, span.row.span_id)):
        read = read_span(span.otlp, envelopes.resource(span.resource.otlp), envelopes.scope(span.scope.otlp))
        yield read, explain(read, logs_of_span.get((read.trace_id, read.span_id), ()), registry)


def derive_records(
    spans: Iterable[AcceptedSpan],
    logs: Iterable[AcceptedLog],
    registry: DialectRegistry = BUILT_IN,
    loops: LoopThresholds = DEFAULT_THRESHOLDS,
) -> list[DerivedTrace]:
    """Every trace among the records, by start time."""
    envelopes = DecodedEnvelopes()
    accepted = list(dict.fromkeys(spans))
    links = {(span.trace_id, linked_trace_id) for span in accepted for linked_trace_id, _ in span.links}
    stored, logs_of_span = _stored(accepted, logs, envelopes, registry)
    nodes: dict[bytes, list[SpanNode]] = defaultdict(list)
    judged: dict[bytes, list[JudgedFacts]] = defaultdict(list)
    for span in stored:
        row, resource = span.row, envelopes.resource(span.resource.otlp)
        service = (_text(resource.get("service.name")), _text(resource.get("service.version")))
        nodes[row.trace_id].append(
            SpanNode(
                *(row.trace_id, row.span_id, row.parent_span_id, row.start_unix_nano, row.end_unix_nano, row.name),
                *(row.status_code, row.raw_length, row.digest, *service),
            )
        )
        facts = judge_stored(span, logs_of_span.get((row.trace_id, row.span_id), ()), envelopes, registry)
        if facts is not None:
            judged[row.trace_id].append(facts)
    derived = [derive(found, judged[trace_id], live=False, thresholds=loops) for trace_id, found in nodes.items()]
    traces = [
        trace for linked in linked_traces(derived, links) for trace in settle_conversation(linked, thresholds=loops)
    ]
    return sorted(traces, key=lambda trace: (trace.start_unix_nano, trace.trace_id))


def version_of_raw(end_unix_nano: int, otlp: bytes) -> SpanVersion:
    """The version of a span as sent."""
    return SpanVersion(end_unix_nano, len(otlp), hashlib.sha256(otlp).digest()[:16])


def _stored(
    spans: Sequence[AcceptedSpan], logs: Iterable[AcceptedLog], envelopes: DecodedEnvelopes, registry: DialectRegistry
) -> tuple[list[StoredSpan], Mapping[tuple[bytes, bytes], list[LogRecord]]]:
    """All spans, with those that stand for log records, and the log records of each span by trace and span id."""
    stored = [_stored_span(span) for span in spans]
    stored_logs = [_stored_log(log) for log in dict.fromkeys(logs)]
    stored += spans_of_logs(stored, stored_logs, lambda _: registry)[0]
    logs_of_span: dict[tuple[bytes, bytes], list[LogRecord]] = defaultdict(list)
    for log in stored_logs:
        if log.span_id:
            logs_of_span[log.trace_id, log.span_id].append(read_log(log.otlp, envelopes.scope(log.scope.otlp)))
    return stored, logs_of_span


def _stored_span(span: AcceptedSpan) -> StoredSpan:
    """The span as the store would give it back, but for its bucket."""
    version = version_of_raw(span.end_unix_nano, span.otlp)
    row = SpanRow(
        *(DEFAULT_PROJECT_ID, span.trace_id, span.span_id, span.parent_span_id, span.start_unix_nano),
        *(span.end_unix_nano, _ANY_DAY, span.name, column_enum(span.kind), span.status_code),
        *(version.raw_length, version.digest),
    )
    return StoredSpan(row, span.otlp, _envelope(span.resource), _envelope(span.scope))


def _stored_log(log: AcceptedLog) -> StoredLog:
    return StoredLog(
        *(DEFAULT_PROJECT_ID, log.trace_id, log.span_id, log.time_unix_nano, log.event_name, _ANY_DAY),
        *(digest_of_log(log), log.otlp, _envelope(log.resource), _envelope(log.scope)),
    )


def _envelope(envelope: Envelope) -> StoredEnvelope:
    return StoredEnvelope(envelope.otlp, envelope.schema_url)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
