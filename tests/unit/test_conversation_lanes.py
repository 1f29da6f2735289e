"""The lanes of a conversation: whose step stands where, short pauses, what is drawn of many steps."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.facts_by_hand import SECOND, START, TraceByHand
from tests.tree_records import records_of
from trace_store.interactions.conversation_reads import ConversationRows, SignalSeen
from web.conversations.conversation_lanes import GAPS_PERCENT_MAX, STEPS_MAX, TimeMap, TraceSteps, build_lanes
from web.pages.conversation_models import ConversationLanes
from web.trace.tree_view import build_tree


def lanes_of(*traces: TraceByHand, only_failures: bool = False, whole: bool = True) -> ConversationLanes:
    found = []
    for trace in traces:
        records = records_of(trace)
        assert records.trace is not None
        tree = build_tree(records, "/traces/01") if whole else None
        found.append(TraceSteps(records.trace, "/traces/01", tree))
    rows = ConversationRows(b"g", "c", len(found), 0, [one.row for one in found], [], [], [], [], 0, [])
    return build_lanes(rows, found, only_failures=only_failures)


def run(start: float, **more: Any) -> TraceByHand:
    """A planner that asks a helper, whose search fails."""
    trace = TraceByHand()
    planner = trace.add("agent", agent_name="planner", start=start, end=start + 10)
    trace.add("llm", planner, model="m-1", start=start, end=start + 1)
    helper = trace.add("agent", planner, agent_name="helper", start=start + 1, end=start + 6)
    step = trace.add("chain", helper, start=start + 1, end=start + 5)
    trace.failing_tool("search", {}, "no index", step, start=start + 2, end=start + 3, **more)
    return trace


def test_a_step_stands_in_the_lane_of_the_agent_above_it() -> None:
    found = lanes_of(run(0))
    assert [(lane.name, [step.kind for step in lane.steps], lane.error_count) for lane in found.lanes] == [
        ("planner", ["agent", "llm"], 0),
        ("helper", ["agent", "tool"], 1),
    ]
    failed = found.lanes[1].steps[1]
    assert (failed.status, failed.left_percent, failed.width_percent) == ("error", 20.0, 10.0)
    assert failed.words == "tool search, 1.00 s: ValueError: no index"
    assert failed.url.startswith("/traces/01?span=")
    assert (found.shown, found.step_count, found.gaps) == (4, 4, ())


def test_long_pauses_are_drawn_short() -> None:
    found = lanes_of(run(0), run(5000))
    (gap,) = found.gaps
    assert (gap.width_percent, gap.length_ns) == (2.5, 4990 * SECOND)
    assert [mark.left_percent for mark in found.begins] == [0.0, 51.25]
    assert found.length_ns == 5010 * SECOND


def test_only_failures_leaves_them_in_their_lanes() -> None:
    found = lanes_of(run(0), only_failures=True)
    assert [(lane.name, len(lane.steps)) for lane in found.lanes] == [("planner", 0), ("helper", 1)]
    assert found.step_count == 1


def test_a_trace_with_too_many_spans_is_one_bar() -> None:
    (lane,) = lanes_of(run(0), whole=False).lanes
    (step,) = lane.steps
    assert (step.kind, step.status, step.url, step.words) == ("trace", "error", "/traces/01", "5 spans, 10.0 s")


def test_of_many_steps_failures_are_kept() -> None:
    trace = TraceByHand()
    for number in range(STEPS_MAX + 50):
        trace.add("llm", start=number, end=number + 1)
    trace.failing_tool("search", {}, "no index", start=9, end=9.001)
    found = lanes_of(trace)
    assert (found.shown, found.step_count) == (STEPS_MAX, STEPS_MAX + 51)
    assert found.lanes[0].error_count == 1


@given(st.lists(st.tuples(st.integers(0, 10**15), st.integers(0, 10**12)), min_size=1, max_size=30))
def test_later_moments_never_stand_left_of_earlier_ones(found: list[tuple[int, int]]) -> None:
    intervals = [(START + start, START + start + length) for start, length in found]
    axis = TimeMap(intervals)
    places = [axis.percent(moment) for moment in sorted(moment for interval in intervals for moment in interval)]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= 100
    assert sum(gap.width_percent for gap in axis.gaps()) <= GAPS_PERCENT_MAX + 0.1


def test_signals_stand_where_they_were_found() -> None:
    records = records_of(run(0))
    assert records.trace is not None
    at = records.trace.start_unix_nano + 5 * SECOND
    seen = SignalSeen(b"\x01" * 16, b"\x02" * 8, at, "money back", "negative", "input", "I want my money back")
    rows = ConversationRows(b"g", "c", 1, 0, [records.trace], [], [], [], [], 0, [], [seen])
    (mark,) = build_lanes(rows, [TraceSteps(records.trace, "/traces/01", None)], only_failures=False).signals
    assert (mark.left_percent, mark.tone, mark.url) == (50.0, "bad", f"/traces/{'01' * 16}?span={'02' * 8}")
    assert mark.words == "money back in the input: I want my money back"
