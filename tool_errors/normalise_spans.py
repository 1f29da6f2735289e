"""Normalises stored spans: from their bytes to judged facts, with the log records that belong to them."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tool_errors.failure.tool_rules_in_use import tool_rules_in_use
from tool_errors.judged import DETECTOR_VERSION, JudgedFacts, judge_facts
from tool_errors.log_steps import RegistryOf, built_in
from tool_errors.stored_facts import SIGNALS_FOUND, facts_to_store
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.dialects import BUILT_IN
from trace_store.dialects.registry import DialectRegistry
from trace_store.fact_rows import FactRow
from trace_store.facts import MAPPING_VERSION, TOOL_DEFINITIONS_MAX, SpanFacts
from trace_store.model import KIND_FROM_LOG, LogRecord, Span
from trace_store.spans import read_log, read_span, read_span_unless
from trace_store.stored import StoredLog, StoredSpan

PORTION_SPANS = 128  # about 10 ms

log = logging.getLogger(__name__)


def portions_of(
    spans: Sequence[StoredSpan], logs: Iterable[StoredLog]
) -> Iterator[tuple[Sequence[StoredSpan], Sequence[StoredLog]]]:
    """Spans with the log records that belong to them, some at a time, so that others get their turn between."""
    of_span: dict[tuple[int, bytes, bytes], list[StoredLog]] = defaultdict(list)
    for record in logs:
        of_span[record.project_id, record.trace_id, record.span_id].append(record)
    for begin in range(0, len(spans), PORTION_SPANS):
        portion = spans[begin : begin + PORTION_SPANS]
        keys = dict.fromkeys(span.row[:3] for span in portion)
        yield portion, [record for key in keys for record in of_span.get(key, ())]


def fact_rows(
    spans: Iterable[StoredSpan],
    logs: Iterable[StoredLog],
    registry_of: RegistryOf = built_in,
    find_signals: Callable[[int, SpanFacts], list[list[str]]] | None = None,
) -> list[FactRow]:
    """What the store keeps of every span that a dialect claims; `registry_of` gives a project's dialects.

    `find_signals` looks for a project's signals in the texts of a span, which are whole only here.
    """
    envelopes = DecodedEnvelopes()
    logs_of_span: dict[tuple[int, bytes, bytes], list[LogRecord]] = defaultdict(list)
    for record in logs:
        key = (record.project_id, record.trace_id, record.span_id)
        logs_of_span[key].append(read_log(record.otlp, envelopes.scope(record.scope.otlp)))
    rows = []
    for span in spans:
        of_span = logs_of_span.get(span.row[:3], ())
        judged = judge_stored(span, of_span, envelopes, registry_of(span.row.project_id))
        if judged is not None:
            facts = judged.facts
            written = facts_to_store(judged, span.row)
            if find_signals is not None and (found := find_signals(span.row.project_id, facts)):
                written[SIGNALS_FOUND] = found
            named = facts.tool_definitions[:TOOL_DEFINITIONS_MAX]
            rows.append(FactRow(span.row, facts.type, facts.dialect, MAPPING_VERSION, DETECTOR_VERSION, written, named))
    return rows


def judge_stored(
    span: StoredSpan,
    logs: Sequence[LogRecord],
    envelopes: DecodedEnvelopes,
    registry: DialectRegistry = BUILT_IN,
) -> JudgedFacts | None:
    """The judged facts of one stored span, full payloads included; None when no dialect claims it.

    Judges with the tool rules of this process.

    A span on which a dialect stumbles is logged and shown as `other`: a mapping must never cost a span.
    """
    try:
        envelope = envelopes.resource(span.resource.otlp), envelopes.scope(span.scope.otlp)
        if logs:
            decoded: Span | None = read_span(span.otlp, *envelope)
        else:
            decoded = read_span_unless(span.otlp, *envelope, registry.is_unmarked)
        facts = None if decoded is None else registry.normalise(decoded, logs)
    except Exception:
        log.exception("Span %s of trace %s could not be normalised.", span.row.span_id.hex(), span.row.trace_id.hex())
        return None
    if facts is not None and span.row.kind == KIND_FROM_LOG:
        facts = replace(facts, from_log=True)
    return None if facts is None else judge_facts(facts, span.row.version, tool_rules_in_use())
