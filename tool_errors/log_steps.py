"""Which log records are steps by themselves: those of no trace, and those that tell nothing about their span.

A pure function of the records and the spans that they name, so that the order of arrival cannot change the outcome.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.dialects import BUILT_IN
from trace_store.dialects.log_steps import LogStep
from trace_store.dialects.registry import DialectRegistry
from trace_store.model import KIND_FROM_LOG, STATUS_UNSET, LogRecord
from trace_store.rows import VISIBLE_NUL
from trace_store.spans import read_log, read_span
from trace_store.stored import SpanRow, StoredLog, StoredSpan

log = logging.getLogger(__name__)

RegistryOf = Callable[[int], DialectRegistry]  # the dialects of a project, by its id
_SpanKey = tuple[int, bytes, bytes]


def built_in(_: int) -> DialectRegistry:
    """The built-in dialects, whatever the project."""
    return BUILT_IN


def spans_of_logs(
    spans: Iterable[StoredSpan], logs: Iterable[StoredLog], registry_of: RegistryOf = built_in
) -> tuple[list[StoredSpan], list[StoredSpan]]:
    """The spans that stand for log records; and those that must not be, since a span has come that is told about.

    `spans` hold those that the records name, as far as they are stored; of each of these all log records must be there.
    """
    envelopes = DecodedEnvelopes()
    of_span: dict[_SpanKey, dict[bytes, StoredLog]] = defaultdict(dict)
    for record in logs:
        of_span[record.project_id, record.trace_id, record.span_id][record.digest] = record
    arrived: dict[_SpanKey, StoredSpan] = {}
    for span in spans:
        known = arrived.get(span.row[:3])
        if span.row.kind != KIND_FROM_LOG and (known is None or span.row.version > known.row.version):
            arrived[span.row[:3]] = span
    wanted: list[StoredSpan] = []
    gone: list[StoredSpan] = []
    for key, records in of_span.items():
        members = list(records.values())
        registry = registry_of(key[0])
        decoded = [_read(record, envelopes) for record in members]
        told = _told(arrived.get(key), decoded, envelopes, registry)
        for record, readable, is_told in zip(members, decoded, told, strict=True):
            step = None if readable is None else registry.step_of_log(readable, record.digest, record.otlp)
            if step is not None:
                (gone if is_told else wanted).append(_span_of_log(step, record))
    return wanted, gone


def _read(record: StoredLog, envelopes: DecodedEnvelopes) -> LogRecord | None:
    try:
        return read_log(record.otlp, envelopes.scope(record.scope.otlp))
    except Exception:
        log.exception("A log record of %s could not be read.", record.bucket)
        return None


def _told(
    span: StoredSpan | None, logs: Sequence[LogRecord | None], envelopes: DecodedEnvelopes, registry: DialectRegistry
) -> list[bool]:
    """For each record whether it tells about its span."""
    if span is None:
        return [False] * len(logs)
    try:
        decoded = read_span(span.otlp, envelopes.resource(span.resource.otlp), envelopes.scope(span.scope.otlp))
        known = iter(registry.tells_span(decoded, [record for record in logs if record is not None]))
        return [record is None or next(known) for record in logs]
    except Exception:
        log.exception("Span %s could not be joined with its log records.", span.row.span_id.hex())
        return [True] * len(logs)


def _span_of_log(step: LogStep, log: StoredLog) -> StoredSpan:
    """The span that stands for a stored log record."""
    name = step.name.replace("\0", VISIBLE_NUL)
    row = SpanRow(
        *(log.project_id, step.trace_id, step.span_id, step.parent_span_id, step.start_unix_nano, step.end_unix_nano),
        *(log.bucket, name, KIND_FROM_LOG, STATUS_UNSET, len(step.otlp), log.digest),
    )
    return StoredSpan(row, step.otlp, log.resource, log.scope)
