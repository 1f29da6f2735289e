"""What a mapping would change: facts of stored spans before and after it, without saving it."""

import re
from dataclasses import dataclass
from typing import Any

from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.dialects.explain import Explanation, FactSource, explain
from trace_store.dialects.registry import DialectRegistry
from trace_store.reader import TraceReader
from trace_store.spans import read_log, read_span
from trace_store.stored import TraceKey
from web.requests.errors import BadRequest, NotFound, read_id

SPANS_MAX = 20  # of one test
VALUE_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class TestedFact:
    """One fact of a span, before and after."""

    fact: str
    before: str
    before_source: str
    after: str
    after_source: str

    @property
    def has_changed(self) -> bool:
        """Whether the mapping alters it or takes it from elsewhere."""
        return (self.before, self.before_source) != (self.after, self.after_source)


@dataclass(frozen=True, slots=True)
class TestedSpan:
    """One span, before and after."""

    trace_id: str
    span_id: str
    name: str
    facts: tuple[TestedFact, ...]  # those that change first
    unmapped_before: int
    unmapped: tuple[str, ...]  # after

    @property
    def has_changed(self) -> bool:
        """Whether any fact changes."""
        return any(fact.has_changed for fact in self.facts)


async def test_mapping(
    reader: TraceReader, project_id: int, chosen: str, before: DialectRegistry, after: DialectRegistry
) -> tuple[list[TestedSpan], int]:
    """The chosen spans, at most 20 of them, and how many were chosen.

    `chosen` has one trace id in a line, or a trace id and a span id. BadRequest and NotFound say what is wrong.
    """
    found: list[TestedSpan] = []
    count = 0
    for line in filter(None, map(str.strip, chosen.splitlines())):
        trace_text, *rest = re.split(r"[\s/,:]+", line)
        trace = TraceKey(project_id, read_id(trace_text, 16, "trace"))
        if not rest and await reader.has_more_spans(trace, 1000):
            raise BadRequest(f"Trace {trace_text} has more than 1,000 spans: name spans of it, as TRACE_ID/SPAN_ID.")
        if rest:
            one = await reader.stored_span(trace, read_id(rest[0], 8, "span"))
            stored = [one] if one is not None else []
        else:
            stored = await reader.stored_spans(trace)
        if not stored:
            raise NotFound(f"Nothing is stored of {line}.")
        count += len(stored)
        stored = stored[: max(0, SPANS_MAX - len(found))]
        envelopes = DecodedEnvelopes()
        logs: dict[bytes, list[Any]] = {}
        for record in await reader.logs(trace, [span.row.span_id for span in stored]) if stored else ():
            logs.setdefault(record.span_id, []).append(read_log(record.otlp, envelopes.scope(record.scope.otlp)))
        for span in stored:
            decoded = read_span(span.otlp, envelopes.resource(span.resource.otlp), envelopes.scope(span.scope.otlp))
            own = logs.get(span.row.span_id, ())
            explained = explain(decoded, own, before), explain(decoded, own, after)
            found.append(_tested(trace_text, span.row.span_id.hex(), decoded.name, *explained))
    if not count:
        raise BadRequest("Name a stored trace or span to test the mapping on: TRACE_ID or TRACE_ID/SPAN_ID in a line.")
    return found, count


def _tested(trace_id: str, span_id: str, name: str, before: Explanation, after: Explanation) -> TestedSpan:
    facts = [
        TestedFact("dialect", before.dialect or "none", before.mark, after.dialect or "none", after.mark),
        TestedFact("type", before.type, before.type_source, after.type, after.type_source),
    ]
    names = dict.fromkeys(fact.fact for fact in (*before.facts, *after.facts))
    facts += [TestedFact(name, *_shown(before.source_of(name)), *_shown(after.source_of(name))) for name in names]
    facts.sort(key=lambda fact: not fact.has_changed)
    return TestedSpan(trace_id, span_id, name, tuple(facts), len(before.unmapped), after.unmapped)


def _shown(found: FactSource | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    text = str(found.value)
    text = text if len(text) <= VALUE_CHARS_MAX else text[: VALUE_CHARS_MAX - 1] + "…"
    return text, found.source + (f", {found.rule}" if found.rule else "")
