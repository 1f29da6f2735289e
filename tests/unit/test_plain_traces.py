"""What no dialect claims takes a shorter way, with the same outcome."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.facts_by_hand import TraceByHand, node
from tool_errors.derive import derive
from trace_store.assembly import SpanNode
from trace_store.dialects import BUILT_IN
from trace_store.spans import Scope, read_span, read_span_unless

SCOPE = Scope("acme.http", "1.0", {})
PLAIN_KEYS = ("http.request.method", "url.full")


@st.composite
def nodes(draw: st.DrawFn) -> list[SpanNode]:
    """Trees and forests with missing parents, cycles, several versions, spans that fail, run or have no time."""
    count, small = draw(st.integers(1, 8)), st.integers(0, 9)
    made = []
    for number in draw(st.lists(st.integers(1, count), min_size=1, max_size=12)):
        bare = node(number, draw(st.integers(0, count + 1)))
        service = draw(st.sampled_from(["", "shop"]))
        made.append(
            bare._replace(
                start_unix_nano=draw(small),
                end_unix_nano=draw(small),
                status_code=draw(small),
                service_name=service,
                release=service,
            )
        )
    return made


@given(nodes(), st.booleans())
def test_a_trace_without_facts_is_what_the_long_way_makes_of_it(spans: list[SpanNode], live: bool) -> None:
    elsewhere = TraceByHand([node(99)] * 98)  # facts of a span that the trace does not have
    elsewhere.add("tool")
    assert derive(spans, [], live=live) == derive(spans, elsewhere.judged, live=live)


def otlp(*events: str) -> bytes:
    span = Span(trace_id=b"t" * 16, span_id=b"s" * 8, name="GET")
    for key in PLAIN_KEYS:
        span.attributes.add(key=key).value.string_value = "x"
    for name in events:
        span.events.add(name=name)
    return bytes(span.SerializeToString())


def test_values_of_a_span_with_known_keys_are_not_read() -> None:
    assert BUILT_IN.normalise(read_span(otlp(), {}, SCOPE)) is None
    assert BUILT_IN.is_unmarked(SCOPE.name, PLAIN_KEYS)
    assert read_span_unless(otlp(), {}, SCOPE, BUILT_IN.is_unmarked) is None


def test_what_an_event_a_scope_or_a_new_key_may_claim_is_read() -> None:
    assert BUILT_IN.normalise(read_span(otlp(), {}, SCOPE)) is None
    said = otlp("gen_ai.choice")
    assert read_span_unless(said, {}, SCOPE, BUILT_IN.is_unmarked) == read_span(said, {}, SCOPE)
    claiming = next(scope for dialect in BUILT_IN.dialects for scope in sorted(dialect.scopes))
    of_claimed_scope = replace(read_span(otlp(), {}, SCOPE), scope_name=claiming)
    assert read_span_unless(otlp(), {}, SCOPE._replace(name=claiming), BUILT_IN.is_unmarked) == of_claimed_scope
    assert not BUILT_IN.is_unmarked(SCOPE.name, [*PLAIN_KEYS, "gen_ai.operation.name"])
