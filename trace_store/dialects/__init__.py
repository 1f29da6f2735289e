"""Dialects: how libraries write LLM and tool spans, and `normalise`, which turns any of it into facts.

A new dialect is one file with a `DIALECT` and one line in `REGISTRY`.
"""

from collections.abc import Sequence

from trace_store.dialects import (
    agent_framework,
    anthropic_sdk,
    autogen,
    claude_code,
    codex,
    ddtrace,
    dify,
    gemini_cli,
    genkit,
    google_adk,
    haystack,
    langfuse,
    langsmith,
    litellm,
    livekit,
    logfire,
    mastra,
    mlflow,
    openinference,
    openllmetry,
    otel_genai,
    plain,
    pydantic_ai,
    semantic_kernel,
    sentry,
    spring_ai,
    strands,
    vercel_ai,
)
from trace_store.dialects.build import build, build_transcript
from trace_store.dialects.dialect import Dialect
from trace_store.dialects.log_steps import LogStep, log_step
from trace_store.dialects.reading import Reading
from trace_store.dialects.records import known_log, log_names, record_names, tell_span
from trace_store.dialects.table import KEYS_REMEMBERED_MAX, Table
from trace_store.dialects.transcript import Transcript
from trace_store.facts import SpanFacts
from trace_store.model import LogRecord, Span

# The more specific before the more general: a span with marks of several is claimed by the first.
REGISTRY: tuple[Dialect, ...] = (
    vercel_ai.DIALECT,
    anthropic_sdk.DIALECT,
    ddtrace.DIALECT,
    mlflow.DIALECT,
    langfuse.DIALECT,
    langsmith.DIALECT,
    litellm.DIALECT,
    haystack.DIALECT,
    openllmetry.DIALECT,
    openinference.DIALECT,
    logfire.DIALECT,
    pydantic_ai.DIALECT,
    strands.DIALECT,
    google_adk.DIALECT,
    autogen.DIALECT,
    semantic_kernel.DIALECT,
    agent_framework.DIALECT,
    mastra.DIALECT,
    genkit.DIALECT,
    spring_ai.DIALECT,
    livekit.DIALECT,
    claude_code.DIALECT,
    codex.DIALECT,
    gemini_cli.DIALECT,
    dify.DIALECT,
    sentry.DIALECT,
    otel_genai.DIALECT,
    plain.DIALECT,
)

_TABLES = tuple(Table(dialect, REGISTRY) for dialect in REGISTRY)
# The place in the registry of the first dialect that each scope and each marker belongs to.
_SCOPES = {scope: place for place, d in reversed([*enumerate(REGISTRY)]) for scope in d.scopes}
_MARKERS = {marker: place for place, d in reversed([*enumerate(REGISTRY)]) for marker in d.markers}
_PREFIXES = tuple(prefix for dialect in REGISTRY for prefix in dialect.marker_prefixes)
_UNMARKED: set[str] = set()  # grows by keys that mark nothing; the keys of one application are few
_RECORDS = {name: table for table in reversed(_TABLES) for name in table.dialect.records}


def normalise(span: Span, logs: Sequence[LogRecord] = ()) -> SpanFacts | None:
    """The facts of a span with its log records, or None when no dialect knows it. Never raises for what spans hold.

    Log records that are steps of their own (`tells_span`) say nothing about the span.
    """
    logs = _told(span, logs)
    table = _table(span, logs)
    return None if table is None else build(span, logs, table)


def transcript(span: Span, logs: Sequence[LogRecord] = ()) -> Transcript:
    """The messages of a span as roles and parts; none when no dialect knows it. Never raises for what spans hold."""
    logs = _told(span, logs)
    table = _table(span, logs)
    return Transcript() if table is None else build_transcript(span, logs, table)


def _told(span: Span, logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
    return [log for log, told in zip(logs, tells_span(span, logs), strict=True) if told] if logs else logs


def _table(span: Span, logs: Sequence[LogRecord]) -> Table | None:
    table = _claim(span)
    if table is None and (span.events or logs):
        table = next((_RECORDS[name] for name in record_names(span, logs) if name in _RECORDS), None)
    return table


def tells_span(span: Span, logs: Sequence[LogRecord]) -> list[bool]:
    """For each log record of a span whether it tells about the span; one that does not is a step by itself."""
    known = next((table for log in logs if (table := _table_of_log(log)) is not None), None)
    if known is None:
        return [True] * len(logs)
    table = _claim(span) or known
    attributes = span.attributes
    if table.dialect.rewrite is not None:
        attributes = {**attributes, **table.dialect.rewrite(span, attributes)}
    reading = Reading(table, attributes)
    kind = reading.kind()
    call_id = None
    if kind is not None:
        call_id = reading.text("tool_call_id" if kind.type == "tool" else "response_id")
    return tell_span(span, logs, table.records, kind, call_id, known.dialect)


def step_of_log(log: LogRecord, digest: bytes, otlp: bytes) -> LogStep | None:
    """The step that a log record is where no span tells about it; None for a record that no dialect knows as one."""
    table = _table_of_log(log)
    known = None if table is None else known_log(log, table.records)
    return None if table is None or known is None else log_step(table.dialect, known, log, digest, otlp)


def _table_of_log(log: LogRecord) -> Table | None:
    return next((_RECORDS[name] for name in log_names(log) if name in _RECORDS), None)


def _claim(span: Span) -> Table | None:
    """The table of the first dialect whose mark the span bears. A span without marks is decided in about 2 us."""
    attributes = span.attributes
    places = [_MARKERS[key] for key in _MARKERS.keys() & attributes.keys()]
    if span.scope_name in _SCOPES:
        places.append(_SCOPES[span.scope_name])
    if places:
        return _TABLES[min(places)]
    if _UNMARKED.issuperset(attributes):
        return None
    for key in attributes:
        if key.startswith(_PREFIXES):
            break
    else:
        if len(_UNMARKED) < KEYS_REMEMBERED_MAX:
            _UNMARKED.update(attributes)
        return None
    return next((t for t in _TABLES if any(key.startswith(t.dialect.marker_prefixes) for key in attributes)), None)
