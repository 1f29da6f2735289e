"""The minimap: the whole trace in bounded space, failures and loops in it, and the ways to move its window."""

from urllib.parse import parse_qs, urlsplit

from tests.facts_by_hand import SECOND, TraceByHand, span_id
from tests.tree_records import records_of
from web.pages.trace_views import Minimap
from web.trace.minimap import WIDTH
from web.trace.shown_rows import tree_page
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_view import build_tree


def minimap_of(trace: TraceByHand, **state: object) -> Minimap:
    records = records_of(trace)
    found = tree_page(records, build_tree(records, "/t"), "/t", TraceViewState(**state)).minimap  # type: ignore[arg-type]
    assert found is not None
    return found


def window(url: str) -> tuple[int, int]:
    query = parse_qs(urlsplit(url).query)
    return int(query["from"][0]), int(query["to"][0])


def looping() -> TraceByHand:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", start=0, end=10.0)
    for _ in range(3):
        trace.failing_tool("search", {"q": 1}, "no such index", agent)
    return trace


def test_lanes_failures_and_loops() -> None:
    found = minimap_of(looping(), selected=span_id(2).hex())
    assert {lane.kind: lane.path for lane in found.lanes} == {
        "agent": "M0 0h600v3h-600z",
        "tool": "M120 5h180v3h-180z",
        "error": "M120 10h180v6h-180z",
    }
    (loop,) = found.loops
    assert (loop.left_percent, loop.width_percent, loop.text) == (20.0, 30.0, "×3")
    assert (found.needle_percent, found.height) == (20.0, 16)
    assert found.spoken == "The whole trace: 4 steps, 3 failed, 0 failed softly, 1 loop"


def test_the_window_moves_and_narrows() -> None:
    whole = minimap_of(looping())
    assert (whole.begin, whole.end, whole.whole_url, whole.earlier_url) == (0, 10 * SECOND, "", "")
    assert window(whole.zoom_url) == (2.5 * SECOND, 7.5 * SECOND)
    part = minimap_of(looping(), begin=4 * SECOND, end=8 * SECOND)
    assert window(part.earlier_url) == (2 * SECOND, 6 * SECOND)
    assert window(part.later_url) == (6 * SECOND, 10 * SECOND)
    assert (part.left_percent, part.right_percent) == (40.0, 80.0)


def test_many_steps_take_no_more_room_than_a_few() -> None:
    trace = TraceByHand()
    for number in range(5000):
        trace.add("llm" if number % 2 else "tool", start=number, end=number + 0.3)
    drawn = sum(len(lane.path) for lane in minimap_of(trace).lanes)
    assert drawn < WIDTH * 20


def test_a_trace_without_time_has_a_minimap() -> None:
    trace = TraceByHand()
    trace.add("tool", start=1, end=1)
    found = minimap_of(trace)
    assert (found.length, found.zoom_url, found.later_url) == (0, "", "")
