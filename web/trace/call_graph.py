"""Who called whom in a trace: agents and tools, joined by the calls between them. Pure.

The caller of a tool is the agent whose model call asked for it (`asked_by`); without one, and for agents, it is the
nearest agent or tool above in the tree. Numbers of steps, which frameworks give as they like, count for nothing.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from web.trace.trace_reading import TreeRecords
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree

NodeKey = tuple[str, str]  # kind and name


@dataclass(slots=True)
class Tally:
    """Calls of a node or along an edge."""

    first_index: int  # of the row of the first call
    url: str  # of that row; "" without a span
    calls: int = 0
    failed: int = 0
    soft_failed: int = 0
    model_calls: int = 0
    span_ids: set[str] = field(default_factory=set)

    def count(self, row: TreeStep) -> None:
        """Take in one call."""
        self.calls += 1
        self.failed += row.status == "error"
        self.soft_failed += row.status == "soft_error"
        self.span_ids.add(row.span_id)


@dataclass(slots=True)
class CallGraph:
    """Nodes and edges in the order of their first calls."""

    nodes: dict[NodeKey, Tally] = field(default_factory=dict)
    edges: dict[tuple[NodeKey, NodeKey], Tally] = field(default_factory=dict)
    loops: dict[tuple[NodeKey, ...], list[int]] = field(default_factory=dict)  # rounds of each loop of these tools

    def directed(self) -> Any:
        """The graph without its figures, in the same order, as a networkx.DiGraph."""
        import networkx  # takes 0.1 s to import, and most pages show no graph

        graph = networkx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from(self.edges)
        return graph

    def cycle_edges(self) -> set[tuple[NodeKey, NodeKey]]:
        """The edges that lie on a way back to where it began."""
        import networkx

        group_of: dict[NodeKey, int] = {}
        for number, group in enumerate(networkx.strongly_connected_components(self.directed())):
            group_of |= dict.fromkeys(group, number)
        return {(source, target) for source, target in self.edges if group_of[source] == group_of[target]}


def build_call_graph(records: TreeRecords, tree: TraceTree) -> CallGraph:
    """The graph of a trace whose tree is `tree`."""
    return tree.once("call graph", lambda: _build_call_graph(records, tree))


def _build_call_graph(records: TreeRecords, tree: TraceTree) -> CallGraph:
    graph = CallGraph()
    owners: list[NodeKey | None] = []  # of each row: the agent or tool that it is or stands below
    counted: list[tuple[TreeStep, NodeKey, NodeKey | None]] = []  # with what stands above
    for row in tree.rows:
        above = owners[row.parent_index] if row.parent_index >= 0 else None
        key = _key(row, is_derived=records.trace is not None)
        if key is None or (key == above and key[0] == "agent"):  # an agent told twice, one within the other
            owners.append(above)
        else:
            owners.append(key)
            counted.append((row, key, above))
    for row, key, above in counted:
        at = tree.index_of(_asked_by(row))
        asking = owners[at] if at >= 0 else None
        _count_call(graph, tree, row, asking or above, key)
    for row, owner in zip(tree.rows, owners, strict=True):
        if row.type == "llm" and owner in graph.nodes:
            graph.nodes[owner].model_calls += 1
    _add_loops(graph, records)
    return graph


def _key(row: TreeStep, *, is_derived: bool) -> NodeKey | None:
    is_call = (row.call is not None and row.has_span) or (row.type == "tool" and not (is_derived and row.has_span))
    if is_call:
        return "tool", row.name
    return ("agent", row.name) if row.type == "agent" else None


def _asked_by(row: TreeStep) -> str:
    call = row.call if row.has_span else None  # a call without a span stands below the step that asked
    return call.asked_by.hex() if call is not None and call.asked_by is not None else ""


def _count_call(graph: CallGraph, tree: TraceTree, row: TreeStep, caller: NodeKey | None, key: NodeKey) -> None:
    if caller is None and row.parent_index >= 0:
        top = row
        while top.parent_index >= 0:
            top = tree.rows[top.parent_index]
        caller = (top.type, top.name)
        graph.nodes.setdefault(caller, Tally(top.index, tree.url_of(top), calls=1, span_ids={top.span_id}))
    url = tree.url_of(row) or (tree.url_of(tree.rows[row.parent_index]) if row.parent_index >= 0 else "")
    graph.nodes.setdefault(key, Tally(row.index, url)).count(row)
    if caller is not None:
        graph.edges.setdefault((caller, key), Tally(row.index, url)).count(row)


def _add_loops(graph: CallGraph, records: TreeRecords) -> None:
    rounds: dict[tuple[NodeKey, ...], list[int]] = defaultdict(list)
    for loop in records.loops:
        keys = tuple(("tool", tool) for tool in dict.fromkeys(loop.tools))
        if loop.loop_id not in records.dismissed_loops and keys and all(key in graph.nodes for key in keys):
            rounds[keys].append(loop.iterations)
    graph.loops = dict(rounds)
