"""Where a signal was found does not depend on the order, the number or the versions in which its spans arrived."""

from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.test_derived import trace_row
from tool_errors.signals.matching import match_rows
from tool_errors.stored_facts import SIGNALS_FOUND
from trace_store.stored import SpanRow, TraceKey, TreeRow

TRACE = trace_row(trace_id=b"\7" * 16, user_id="u", interaction_ids=["i"])
SIGNALS = ("a", "b", "switched off")
SPANS = st.lists(
    st.tuples(
        st.integers(1, 4),  # span
        st.integers(1, 3),  # start
        st.integers(1, 3),  # version
        st.lists(st.sampled_from(SIGNALS), unique=True, max_size=3),
    ),
    max_size=8,
    unique_by=lambda span: (span[0], span[2]),
)


def stored(span: int, start: int, version: int, found: list[str]) -> TreeRow:
    row = SpanRow(
        *(1, TRACE.trace_id, span.to_bytes(8), b"", start, 10 * version, date(2026, 11, 1)),
        *("chat", 1, 0, 1, bytes([version])),
    )
    said = [[signal, "input", f"{signal} in {span}.{version}"] for signal in found]
    return TreeRow(row, "llm", "otel_genai", {SIGNALS_FOUND: said} if said else {})


@given(SPANS, st.randoms(use_true_random=False))
def test_the_first_place_counts_whatever_came_first(
    spans: list[tuple[int, int, int, list[str]]], chance: Random
) -> None:
    rows = [stored(*span) for span in spans]
    shuffled = [*rows, *chance.sample(rows, len(rows) // 2)]
    chance.shuffle(shuffled)
    key, known = TraceKey(1, TRACE.trace_id), {"a", "b"}
    found = match_rows([TRACE], {key: rows}, known)
    again = match_rows([TRACE], {key: shuffled}, known)
    assert sorted(again, key=lambda one: one.signal_id) == sorted(found, key=lambda one: one.signal_id)
    valid = [one for one in spans if max(two[2] for two in spans if two[0] == one[0]) == one[2]]
    assert {one.signal_id for one in found} == {signal for one in valid for signal in one[3]} & known
    for one in found:
        places = sorted((start, span) for span, start, _, signals in valid if one.signal_id in signals)
        assert (one.start_unix_nano, int.from_bytes(one.span_id)) == places[0]
