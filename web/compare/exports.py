"""What Rainbarrel stored beside an OTLP export of another backend: spans, parents, attributes on either side. Pure.

Spans belong together by trace id and span id. What the other one alone has fails a comparison; what Rainbarrel alone
has is told and does not: exports of other backends often leave parts out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.model import AcceptedSpan, Span
from trace_store.spans import read_span
from trace_store.stored import StoredSpan

IDS_SHOWN, KEYS_SHOWN = 20, 50


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field of a span that both have and that differs."""

    span_id: str
    field: str  # parent, name, start, end, status
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class KeyCount:
    """An attribute key and on how many spans."""

    key: str
    spans: int


@dataclass(frozen=True, slots=True)
class TraceDifference:
    """One trace in both; lists hold the first entries, numbers all."""

    trace_id: str
    spans_ours: int
    spans_theirs: int
    missing_here: tuple[str, ...]  # span ids, of missing_here_total
    missing_here_total: int
    missing_there: tuple[str, ...]
    missing_there_total: int
    fields: tuple[FieldDifference, ...]
    fields_total: int
    attributes_missing_here: tuple[KeyCount, ...]
    attributes_missing_there: tuple[KeyCount, ...]
    attributes_that_differ: tuple[KeyCount, ...]
    resource_missing_here: tuple[KeyCount, ...]
    resource_missing_there: tuple[KeyCount, ...]
    events_ours: int  # of the spans that both have
    events_theirs: int
    links_ours: int
    links_theirs: int

    @property
    def lacks_something(self) -> bool:
        """The other one has, or says otherwise, what Rainbarrel should have."""
        counts = (self.missing_here_total, self.fields_total, len(self.attributes_missing_here))
        more = (len(self.attributes_that_differ), len(self.resource_missing_here))
        return any((*counts, *more)) or self.events_theirs > self.events_ours or self.links_theirs > self.links_ours

    @property
    def is_same(self) -> bool:
        """Nothing differs, on either side."""
        counts = (self.missing_there_total, len(self.attributes_missing_there), len(self.resource_missing_there))
        parts = (self.events_ours == self.events_theirs, self.links_ours == self.links_theirs)
        return not self.lacks_something and not any(counts) and all(parts)


def accepted_spans(spans: Iterable[AcceptedSpan]) -> list[Span]:
    """The spans of a file with their attributes."""
    envelopes = DecodedEnvelopes()
    return [_read(envelopes, span.otlp, span.resource.otlp, span.scope.otlp) for span in spans]


def stored_spans(spans: Iterable[StoredSpan]) -> list[Span]:
    """The same of what is stored."""
    envelopes = DecodedEnvelopes()
    return [_read(envelopes, span.otlp, span.resource.otlp, span.scope.otlp) for span in spans]


def compare_trace(trace_id: str, ours: Iterable[Span], theirs: Iterable[Span]) -> TraceDifference:
    """How a trace differs; no spans of ours: it is not stored."""
    here, there = ({span.span_id: span for span in spans} for spans in (ours, theirs))
    both = [(here[span_id], there[span_id]) for span_id in there if span_id in here]
    fields = [difference for pair in both for difference in _fields(*pair)]
    lost, gained, changed = Counter[str](), Counter[str](), Counter[str]()
    resource_lost, resource_gained = Counter[str](), Counter[str]()
    for one, other in both:
        _count_keys(one.attributes, other.attributes, lost, gained)
        _count_keys(one.resource_attributes, other.resource_attributes, resource_lost, resource_gained)
        changed.update(
            key
            for key in one.attributes.keys() & other.attributes.keys()
            if not _alike(one.attributes[key], other.attributes[key])
        )
    missing_here = [span_id.hex() for span_id in there if span_id not in here]
    missing_there = [span_id.hex() for span_id in here if span_id not in there]
    return TraceDifference(
        trace_id=trace_id,
        spans_ours=len(here),
        spans_theirs=len(there),
        missing_here=tuple(missing_here[:IDS_SHOWN]),
        missing_here_total=len(missing_here),
        missing_there=tuple(missing_there[:IDS_SHOWN]),
        missing_there_total=len(missing_there),
        fields=tuple(fields[:IDS_SHOWN]),
        fields_total=len(fields),
        attributes_missing_here=_shown(lost),
        attributes_missing_there=_shown(gained),
        attributes_that_differ=_shown(changed),
        resource_missing_here=_shown(resource_lost),
        resource_missing_there=_shown(resource_gained),
        events_ours=sum(len(one.events) for one, _ in both),
        events_theirs=sum(len(other.events) for _, other in both),
        links_ours=sum(len(one.links) for one, _ in both),
        links_theirs=sum(len(other.links) for _, other in both),
    )


def by_trace(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """Spans by trace id in hex, in the order of the file."""
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span.trace_id.hex(), []).append(span)
    return found


def export_json(found: Iterable[TraceDifference], total: int) -> dict[str, Any]:
    """`{"traces": [...], "shown", "total", "lacking", "same"}`."""
    traces = list(found)
    return {
        "traces": [
            asdict(each) | {"is_same": each.is_same, "lacks_something": each.lacks_something} for each in traces
        ],
        "shown": len(traces),
        "total": total,
        "lacking": sum(each.lacks_something for each in traces),
        "same": sum(each.is_same for each in traces),
    }


def _read(envelopes: DecodedEnvelopes, otlp: bytes, resource: bytes, scope: bytes) -> Span:
    return read_span(otlp, envelopes.resource(resource), envelopes.scope(scope))


def _fields(one: Span, other: Span) -> Iterable[FieldDifference]:
    for field, ours, theirs in (
        ("parent", one.parent_span_id.hex(), other.parent_span_id.hex()),
        ("name", one.name, other.name),
        ("start", str(one.start_unix_nano), str(other.start_unix_nano)),
        ("end", str(one.end_unix_nano), str(other.end_unix_nano)),
        ("status", str(one.status_code), str(other.status_code)),
    ):
        if ours != theirs:
            yield FieldDifference(one.span_id.hex(), field, ours, theirs)


def _count_keys(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], lost: "Counter[str]", gained: "Counter[str]"
) -> None:
    lost.update(theirs.keys() - ours.keys())
    gained.update(ours.keys() - theirs.keys())


def _alike(ours: Any, theirs: Any) -> bool:
    """Equal, or the same number written as text, which JSON exports do with whole ones."""
    return bool(ours == theirs) or str(ours) == str(theirs)


def _shown(counts: "Counter[str]") -> tuple[KeyCount, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(KeyCount(key, count) for key, count in ordered[:KEYS_SHOWN])
