"""Looks for the signals of a project in what users said and agents answered.

The whole texts are there while a span is normalised: what is found goes into its facts, and from the facts of a trace
come its rows, so that neither order nor repetition nor an older version of a span can change them.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tool_errors.signals.pattern import BadSignal, Pattern, compile_pattern
from tool_errors.stored_facts import SIGNALS_FOUND
from trace_store.alerts.signals import Signal, SignalMatchRow
from trace_store.derived_rows import TraceRow
from trace_store.facts import SpanFacts
from trace_store.stored import TraceKey, TreeRow, newest

log = logging.getLogger(__name__)


class ProjectSignals:
    """The compiled signals of all projects; compiles what is new."""

    def __init__(self, signals: Iterable[Signal] = ()) -> None:
        self._compiled: dict[str, Pattern | None] = {}
        self._of_project: dict[int, list[tuple[Signal, Pattern]]] = {}
        self.known: frozenset[str] = frozenset()  # ids of all signals, also of those that are switched off
        self.use(signals)

    def use(self, signals: Iterable[Signal]) -> None:
        """From now on these are looked for, but for those that are switched off: what they found before is kept."""
        signals = list(signals)
        self.known = frozenset(signal.signal_id for signal in signals)
        self._of_project = {}
        for signal in signals:
            if signal.signal_id not in self._compiled:
                self._compiled[signal.signal_id] = _compiled(signal)
            pattern = self._compiled[signal.signal_id]
            if signal.is_enabled and pattern is not None:
                self._of_project.setdefault(signal.project_id, []).append((signal, pattern))

    def find(self, project_id: int, facts: SpanFacts) -> list[list[str]]:
        """What the texts of a span match; an aggregate repeats what other spans say, which does no harm."""
        found = []
        for signal, pattern in self._of_project.get(project_id, ()):
            for side, text in (("input", facts.input_text), ("output", facts.output_text)):
                if text and signal.search_in in (side, "both") and (excerpt := pattern.excerpt(text)) is not None:
                    found.append([signal.signal_id, side, excerpt])
                    break
        return found


def match_rows(
    traces: Sequence[TraceRow], rows_of: Mapping[TraceKey, Collection[TreeRow]], known: Collection[str]
) -> list[SignalMatchRow]:
    """The rows of traces from the facts of their spans: of each signal the first place."""
    matches: list[SignalMatchRow] = []
    for trace in traces:
        first: dict[str, SignalMatchRow] = {}
        rows = rows_of[TraceKey(trace.project_id, trace.trace_id)]
        if not known or not any(tree_row.facts and SIGNALS_FOUND in tree_row.facts for tree_row in rows):
            continue
        valid = set(newest([tree_row.row for tree_row in rows]).values())
        for tree_row in sorted(rows, key=lambda one: (one.row.start_unix_nano, one.row.span_id)):
            if tree_row.row not in valid:
                continue
            facts: Mapping[str, Any] = tree_row.facts or {}
            for signal_id, side, excerpt in facts.get(SIGNALS_FOUND, ()):
                if signal_id in known and signal_id not in first:
                    interaction = facts.get("interaction_id") or next(iter(trace.interaction_ids), None)
                    first[signal_id] = SignalMatchRow(
                        project_id=trace.project_id,
                        trace_id=trace.trace_id,
                        signal_id=signal_id,
                        start_unix_nano=tree_row.row.start_unix_nano,
                        span_id=tree_row.row.span_id,
                        side=side,
                        excerpt=excerpt,
                        user_id=trace.user_id,
                        conversation_id=trace.conversation_id,
                        interaction_id=interaction,
                        end_unix_nano=max(tree_row.row.start_unix_nano, tree_row.row.end_unix_nano),
                        release=trace.release,
                        environment=trace.environment or "",
                    )
        matches += first.values()
    return matches


def _compiled(signal: Signal) -> Pattern | None:
    try:
        return compile_pattern(signal.kind, signal.pattern)
    except BadSignal as error:  # it could be compiled when it was saved
        log.warning("Signal %s is left out: %s", signal.name, error)
        return None
