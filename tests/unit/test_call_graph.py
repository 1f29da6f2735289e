"""Who called whom: by parentage and by who asked, in captures and in traces written by hand; and the drawing."""

import pytest

from tests.dialect_captures import CAPTURES, scenarios
from tests.facts_by_hand import TraceByHand, asked
from tests.tree_records import records_of, records_of_capture
from web.trace.call_graph import CallGraph, NodeKey, Tally, build_call_graph
from web.trace.call_graph_layout import LABEL_COLUMNS_MAX, NODES_MAX, lay_out
from web.trace.trace_reading import TreeRecords
from web.trace.tree_view import build_tree

Edges = dict[tuple[str, str], tuple[int, int]]


def graph_of(records: TreeRecords) -> CallGraph:
    return build_call_graph(records, build_tree(records, "/traces/01"))


def edges(graph: CallGraph) -> Edges:
    return {(source[1], target[1]): (tally.calls, tally.failed) for (source, target), tally in graph.edges.items()}


def looping() -> TraceByHand:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=60.0)
    for _ in range(3):
        trace.add("llm", agent)
        trace.failing_tool("search", {"q": 1}, "no such index", agent)
    helper = trace.add("agent", agent, agent_name="helper", end=50.0)
    trace.add("tool", helper, tool_name="read", arguments={"a": 1}, result="text")
    return trace


def test_agents_tools_failures_and_loops() -> None:
    graph = graph_of(records_of(looping()))
    assert edges(graph) == {("planner", "search"): (3, 3), ("planner", "helper"): (1, 0), ("helper", "read"): (1, 0)}
    assert graph.nodes["agent", "planner"].model_calls == 3
    assert graph.loops == {(("tool", "search"),): [3]}
    assert graph.cycle_edges() == set()


def test_the_agent_that_asked_is_the_caller_wherever_the_span_stands() -> None:
    trace = TraceByHand()
    top = trace.add("chain", end=60.0)
    agent = trace.add("agent", top, agent_name="planner", end=50.0)
    trace.add("llm", agent, requested_calls=(asked("c1", "search", {"q": 1}),))
    trace.add("tool", top, tool_name="search", tool_call_id="c1", arguments={"q": 1}, result="found")
    trace.add("tool", top, tool_name="log", arguments={"q": 2}, result="kept")
    assert edges(graph_of(records_of(trace))) == {
        ("s1", "planner"): (1, 0),
        ("planner", "search"): (1, 0),
        ("s1", "log"): (1, 0),
    }


def test_an_agent_told_twice_is_one_and_a_handoff_back_is_a_cycle() -> None:
    trace = TraceByHand()
    first = trace.add("agent", agent_name="planner", end=60.0)
    again = trace.add("agent", first, agent_name="planner", end=59.0)
    helper = trace.add("agent", again, agent_name="helper", end=58.0)
    trace.add("agent", helper, agent_name="planner", end=57.0)
    graph = graph_of(records_of(trace))
    assert edges(graph) == {("planner", "helper"): (1, 0), ("helper", "planner"): (1, 0)}
    assert len(graph.cycle_edges()) == 2
    assert [edge.is_cycle for edge in lay_out(graph).edges] == [True, True]


def test_a_step_number_changes_nothing() -> None:
    records = records_of(looping())
    backwards = TreeRecords(records.trace, records.spans[::-1], records.tool_calls[::-1], records.loops)
    assert edges(graph_of(backwards)) == edges(graph_of(records))


def test_a_handoff_of_a_capture() -> None:
    (records,) = records_of_capture(CAPTURES / "openinference/openai-agents-handoff/S2")
    assert edges(graph_of(records)) == {
        ("Agent workflow", "front_desk"): (1, 0),
        ("front_desk", "transfer_to_travel_agent"): (1, 0),
        ("Agent workflow", "travel_agent"): (1, 0),
        ("travel_agent", "charge_card"): (1, 1),
    }


def test_every_capture_can_be_drawn_and_counts_every_call() -> None:
    drawn = 0
    for scenario in scenarios():
        for records in records_of_capture(scenario):
            graph = graph_of(records)
            tools = sum(tally.calls for (kind, _), tally in graph.nodes.items() if kind == "tool")
            assert tools == len(records.tool_calls), scenario
            page = lay_out(graph)
            assert len(page.nodes) == page.node_count == len(graph.nodes)
            places = {(node.x, node.y) for node in page.nodes}
            assert len(places) == len(page.nodes)
            assert all(node.x + page.node_width < page.width for node in page.nodes)
            drawn += bool(page.edges)
    assert drawn > 50


def wide_graph(count: int) -> CallGraph:
    graph = CallGraph({("agent", "a"): Tally(0, "/a", calls=1)})
    for number in range(count):
        key: NodeKey = ("tool", f"tool {number}")
        graph.nodes[key] = Tally(number + 1, f"/{number}", calls=1 + number % 7, failed=int(number == count - 1))
        graph.edges[("agent", "a"), key] = graph.nodes[key]
    return graph


def test_a_large_graph_is_bounded_and_keeps_what_failed() -> None:
    page = lay_out(wide_graph(200))
    assert (len(page.nodes), page.node_count) == (NODES_MAX, 201)
    names = {node.name for node in page.nodes}
    assert {"a", "tool 199"} <= names
    assert {name for edge in page.edges for name in (edge.source, edge.target)} == names


def test_lines_are_as_wide_as_calls_are_many_and_red_as_they_failed() -> None:
    graph = graph_of(records_of(looping()))
    graph.edges[("agent", "helper"), ("tool", "read")].calls = 1000
    graph.edges[("agent", "helper"), ("tool", "read")].failed = 1
    found = {edge.target: edge for edge in lay_out(graph).edges}
    assert found["read"].width > found["search"].width >= found["helper"].width > 1
    assert (found["search"].failed_percent, found["helper"].failed_percent) == (100.0, 0.0)
    assert 0 < found["read"].failed_percent < 10


def test_an_empty_graph() -> None:
    page = lay_out(CallGraph())
    assert (page.nodes, page.edges, page.node_count) == ((), (), 0)


@pytest.mark.parametrize("name", ["x" * 50, "検索" * 20])
def test_a_long_name_is_cut_with_an_ellipsis(name: str) -> None:
    graph = CallGraph({("tool", name): Tally(0, "", calls=1)})
    (node,) = lay_out(graph).nodes
    assert node.name == name
    assert node.label.endswith("…")
    assert len(node.label) <= LABEL_COLUMNS_MAX
