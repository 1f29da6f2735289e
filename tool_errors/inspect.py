"""Inspect: the way from accepted records to the JSON contract without a database. Every trace counts as settled."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tool_errors.contract import contract
from tool_errors.conversation import linked_traces, settle_conversation
from tool_errors.derive import derive
from tool_errors.findings import DerivedTrace
from tool_errors.judged import JudgedFacts, judge_facts
from trace_store.assembly import SpanNode
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.dialects import normalise
from trace_store.model import DEFAULT_PROJECT, AcceptedLog, AcceptedSpan, LogRecord, SpanVersion
from trace_store.spans import read_log, read_span


def inspect_records(
    spans: Iterable[AcceptedSpan], logs: Iterable[AcceptedLog], *, project: str = DEFAULT_PROJECT
) -> list[dict[str, Any]]:
    """The JSON contract of every trace among the records, by start time."""
    return [contract(derived, project=project) for derived in derive_records(spans, logs)]


def derive_records(spans: Iterable[AcceptedSpan], logs: Iterable[AcceptedLog]) -> list[DerivedTrace]:
    """Every trace among the records, by start time."""
    envelopes = DecodedEnvelopes()
    logs_of_span: dict[tuple[bytes, bytes], list[LogRecord]] = defaultdict(list)
    for log in logs:
        if log.span_id:
            logs_of_span[log.trace_id, log.span_id].append(read_log(log.otlp, envelopes.scope(log.scope.otlp)))
    nodes: dict[bytes, list[SpanNode]] = defaultdict(list)
    judged: dict[bytes, list[JudgedFacts]] = defaultdict(list)
    for accepted in dict.fromkeys(spans):
        resource = envelopes.resource(accepted.resource.otlp)
        span = read_span(accepted.otlp, resource, envelopes.scope(accepted.scope.otlp))
        version = version_of_raw(accepted.end_unix_nano, accepted.otlp)
        nodes[accepted.trace_id].append(
            SpanNode(
                accepted.trace_id,
                accepted.span_id,
                accepted.parent_span_id,
                accepted.start_unix_nano,
                accepted.end_unix_nano,
                accepted.name,
                accepted.status_code,
                version.raw_length,
                version.digest,
                _text(resource.get("service.name")),
                _text(resource.get("service.version")),
            )
        )
        facts = normalise(span, logs_of_span.get((accepted.trace_id, accepted.span_id), ()))
        if facts is not None:
            judged[accepted.trace_id].append(judge_facts(facts, version))
    derived = [derive(found, judged[trace_id], live=False) for trace_id, found in nodes.items()]
    traces = [trace for linked in linked_traces(derived) for trace in settle_conversation(linked)]
    return sorted(traces, key=lambda trace: (trace.start_unix_nano, trace.trace_id))


def version_of_raw(end_unix_nano: int, otlp: bytes) -> SpanVersion:
    """The version of a span as sent."""
    return SpanVersion(end_unix_nano, len(otlp), hashlib.sha256(otlp).digest()[:16])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
