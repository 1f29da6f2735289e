"""The registry that normalises: the dialects of Rainbarrel and those of users, in the order in which they claim spans.

An object, not a module: each project may have mappings of its own. The one without any is `BUILT_IN` in `__init__.py`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from trace_store.dialects.build import build_reading, build_transcript
from trace_store.dialects.dialect import Dialect
from trace_store.dialects.log_steps import LogStep, log_step
from trace_store.dialects.reading import Reading
from trace_store.dialects.records import known_log, log_names, record_names, tell_span
from trace_store.dialects.table import KEYS_REMEMBERED_MAX, LAYOUT_KEYS_MAX, Layout, Table
from trace_store.dialects.transcript import Transcript
from trace_store.facts import SpanFacts
from trace_store.model import LogRecord, Span

LAYOUTS_REMEMBERED_MAX = 2048


class UserMappings(NamedTuple):
    """Dialects that users wrote, by their place among the built-in ones."""

    before: tuple[Dialect, ...] = ()  # claim a span before any built-in dialect may
    after: tuple[Dialect, ...] = ()  # claim only what no built-in dialect claims
    shared: tuple[Dialect, ...] = ()  # without marks: their keys are believed first in every span that any claims
    digest: str = ""  # of all of them; "" for none

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all of them."""
        return tuple(dialect.name for dialect in (*self.before, *self.after, *self.shared))


class Claim(NamedTuple):
    """Which dialect claims a span, and by which of its marks."""

    table: Table
    mark: str  # "scope ai", "attribute gen_ai.system", "attributes that begin with ai.", "record gen_ai.choice"


class DialectRegistry:
    """Dialects in order; the first whose mark a span bears claims it."""

    def __init__(self, built_in: Sequence[Dialect], mappings: UserMappings | None = None) -> None:
        mappings = mappings or UserMappings()
        known = (*built_in, *mappings.shared)
        # A built-in dialect never reads the keys of a mapping with marks: these hold for the spans it claims alone.
        ordered = (*mappings.before, *built_in, *mappings.after)
        self.mappings = mappings
        self.dialects: tuple[Dialect, ...] = ordered
        self._tables = tuple(Table(dialect, known, mappings.shared) for dialect in ordered)
        # The place of the first dialect that each scope and each marker belongs to.
        places = [*enumerate(ordered)]
        self._scopes = {scope: place for place, d in reversed(places) for scope in d.scopes}
        self._markers = {marker: place for place, d in reversed(places) for marker in d.markers}
        self._prefixes = tuple(prefix for dialect in ordered for prefix in dialect.marker_prefixes)
        self._early_prefixes = tuple(prefix for dialect in mappings.before for prefix in dialect.marker_prefixes)
        self._unmarked: set[str] = set()  # grows by keys that mark nothing; the keys of one application are few
        self._layouts: dict[tuple[str, ...], Layout] = {}  # of claimed spans, by scope and keys
        self._records = {name: table for table in reversed(self._tables) for name in table.dialect.records}

    def normalise(self, span: Span, logs: Sequence[LogRecord] = ()) -> SpanFacts | None:
        """The facts of a span with its log records, or None when no dialect knows it.

        Never raises for what spans hold. Log records that are steps of their own (`tells_span`) say nothing about the
        span.
        """
        if logs:
            logs = self._told(span, logs)
        layout = self._layout(span, logs)
        return None if layout is None else build_reading(span, logs, layout)[0]

    def is_unmarked(self, scope_name: str, keys: Iterable[str]) -> bool:
        """Whether it is known already that no dialect claims a span of this scope with these attribute keys, unless
        an event or a log record of it does; without reading any value."""
        return scope_name not in self._scopes and self._unmarked.issuperset(keys)

    def transcript(self, span: Span, logs: Sequence[LogRecord] = ()) -> Transcript:
        """The messages of a span as roles and parts; none when no dialect knows it. Never raises either."""
        logs = self._told(span, logs)
        layout = self._layout(span, logs)
        return Transcript() if layout is None else build_transcript(span, logs, layout)

    def tells_span(self, span: Span, logs: Sequence[LogRecord]) -> list[bool]:
        """For each log record of a span whether it tells about the span; one that does not is a step by itself."""
        known = next((table for log in logs if (table := self._table_of_log(log)) is not None), None)
        if known is None:
            return [True] * len(logs)
        table = self._claim(span) or known
        attributes = span.attributes
        if table.dialect.rewrite is not None:
            attributes = {**attributes, **table.dialect.rewrite(span, attributes)}
        reading = Reading(table.layout(attributes), attributes)
        kind = reading.kind()
        call_id = None
        if kind is not None:
            call_id = reading.text("tool_call_id" if kind.type == "tool" else "response_id")
        return tell_span(span, logs, table.records, kind, call_id, known.dialect)

    def step_of_log(self, log: LogRecord, digest: bytes, otlp: bytes) -> LogStep | None:
        """The step that a log record is where no span tells about it; None for one that no dialect knows as a step."""
        table = self._table_of_log(log)
        known = None if table is None else known_log(log, table.records)
        return None if table is None or known is None else log_step(table.dialect, known, log, digest, otlp)

    def _told(self, span: Span, logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
        return [log for log, told in zip(logs, self.tells_span(span, logs), strict=True) if told] if logs else logs

    def _table_of_log(self, log: LogRecord) -> Table | None:
        return next((self._records[name] for name in log_names(log) if name in self._records), None)

    def _layout(self, span: Span, logs: Sequence[LogRecord]) -> Layout | None:
        """Where the keys of a span lead; None when no dialect knows it. A scope with the same keys is decided once."""
        attributes = span.attributes
        keys: tuple[str, ...] = ()
        if span.scope_name in self._scopes or not self._unmarked.issuperset(attributes):
            if len(attributes) <= LAYOUT_KEYS_MAX:
                keys = (span.scope_name, *attributes)
                if (layout := self._layouts.get(keys)) is not None:
                    return layout
            if (table := self._claim(span)) is not None:
                layout = table.layout(attributes)
                if keys:
                    if len(self._layouts) >= LAYOUTS_REMEMBERED_MAX:
                        self._layouts.clear()
                    self._layouts[keys] = layout
                return layout
        if span.events or logs:
            for name in record_names(span, logs):
                if name in self._records:
                    return self._records[name].layout(attributes)
        return None

    def explain(self, span: Span, logs: Sequence[LogRecord] = ()) -> tuple[SpanFacts, Reading, Claim] | None:
        """What `normalise` says, with the reading that it was read through and the mark that claimed the span."""
        logs = self._told(span, logs)
        claim = self.claim(span, logs)
        return None if claim is None else (*build_reading(span, logs, claim.table.layout(span.attributes)), claim)

    def claim(self, span: Span, logs: Sequence[LogRecord] = ()) -> Claim | None:
        """The dialect that claims a span and the mark that decided it, for people to read."""
        table = self._claim(span)
        if table is None:
            for name in record_names(span, logs) if span.events or logs else ():
                if name in self._records:
                    return Claim(self._records[name], f"record {name}")
            return None
        dialect = table.dialect
        if span.scope_name in dialect.scopes:
            return Claim(table, f"scope {span.scope_name}")
        for key in sorted(dialect.markers & span.attributes.keys()):
            return Claim(table, f"attribute {key}")
        prefix = next(p for p in dialect.marker_prefixes if any(key.startswith(p) for key in span.attributes))
        return Claim(table, f"attributes that begin with {prefix}")

    def _claim(self, span: Span) -> Table | None:
        """The table of the first dialect whose mark the span bears. A span without marks is decided in about 2 us."""
        attributes = span.attributes
        places = [self._markers[key] for key in self._markers.keys() & attributes.keys()]
        if span.scope_name in self._scopes:
            places.append(self._scopes[span.scope_name])
        if places and not self._early_prefixes:
            return self._tables[min(places)]
        if places:
            early = (place for place, t in enumerate(self._tables) if self._has_prefix(t, attributes))
            return self._tables[min(*places, next(early, places[0]))]
        if self._unmarked.issuperset(attributes):
            return None
        for key in attributes:
            if key.startswith(self._prefixes):
                break
        else:
            if len(self._unmarked) < KEYS_REMEMBERED_MAX:
                self._unmarked.update(attributes)
            return None
        return next((t for t in self._tables if self._has_prefix(t, attributes)), None)

    @staticmethod
    def _has_prefix(table: Table, attributes: object) -> bool:
        prefixes = table.dialect.marker_prefixes
        return bool(prefixes) and any(key.startswith(prefixes) for key in attributes)  # type: ignore[attr-defined]
