"""Lays a graph of calls out for SVG: callers left, whom they call right of them, bounded in size. Pure."""

import unicodedata
from collections import defaultdict
from itertools import pairwise

from web.pages.trace_views import GraphEdge, GraphLine, GraphLoop, GraphNode, GraphPage
from web.trace.call_graph import CallGraph, NodeKey, Tally

NODES_MAX = 60
NODE_WIDTH, NODE_HEIGHT = 192, 46
GAP_X, GAP_Y = 136, 26
MARGIN = 20
BULGE = 44  # of a line that leaves and comes back on the right
DIP = 56  # of a line back to an earlier column
LABEL_COLUMNS_MAX = 20
LINE_WIDTH_MIN, LINE_WIDTH_MAX = 1.5, 7.0
SHARE_MIN = 6.0  # percent: one failure of a thousand calls can still be seen

Place = tuple[int, int]


def lay_out(graph: CallGraph, selected: str = "") -> GraphPage:
    """The drawing of a graph; of a large one the NODES_MAX nodes worth a look, with those that lead to them."""
    kept = _kept(graph)
    shown = CallGraph(
        {key: tally for key, tally in graph.nodes.items() if key in kept},
        {pair: tally for pair, tally in graph.edges.items() if kept.issuperset(pair)},
        {keys: rounds for keys, rounds in graph.loops.items() if kept.issuperset(keys)},
    )
    places = _places(shown)
    cycles = shown.cycle_edges()
    loop_texts = {key: text for keys, rounds in shown.loops.items() for key in keys if (text := _loop_text(rounds))}
    nodes = [_node(key, tally, places[key], loop_texts.get(key, ""), selected) for key, tally in shown.nodes.items()]
    loops = [
        GraphLoop(tuple(name for _, name in keys), _loop_text(rounds), _loop_lines(keys, places))
        for keys, rounds in shown.loops.items()
    ]
    dip = DIP if any(places[source][0] > places[target][0] for source, target in cycles) else 0
    right = max((x for x, _ in places.values()), default=0) + NODE_WIDTH
    return GraphPage(
        nodes=tuple(nodes),
        edges=tuple(_edges(shown, places, cycles)),
        loops=tuple(loops),
        node_count=len(graph.nodes),
        width=right + MARGIN + (BULGE + 90 if loops or cycles else 0),
        height=max((y for _, y in places.values()), default=0) + NODE_HEIGHT + MARGIN + dip,
        node_width=NODE_WIDTH,
        node_height=NODE_HEIGHT,
    )


def _kept(graph: CallGraph) -> set[NodeKey]:
    """Those with failures and loops first, then those with many calls; each with its first callers."""
    if len(graph.nodes) <= NODES_MAX:
        return set(graph.nodes)
    in_loop = {key for keys in graph.loops for key in keys}
    caller_of = {target: source for source, target in reversed(graph.edges) if source != target}

    def worth(key: NodeKey) -> tuple[bool, int, int]:
        tally = graph.nodes[key]
        return key in in_loop, tally.failed + tally.soft_failed, tally.calls

    kept: set[NodeKey] = set()
    for key in sorted(graph.nodes, key=worth, reverse=True):
        chain: set[NodeKey] = set()
        above: NodeKey | None = key
        while above is not None and above not in kept | chain:
            chain.add(above)
            above = caller_of.get(above)
        if len(kept) + len(chain) <= NODES_MAX:
            kept |= chain
    return kept


def _places(graph: CallGraph) -> dict[NodeKey, Place]:
    """Upper left corners. In a column those stand together that the same node calls."""
    columns: dict[int, list[NodeKey]] = defaultdict(list)
    for key, column in _columns(graph).items():
        columns[column].append(key)
    rank: dict[NodeKey, float] = {}
    for column in sorted(columns):
        middles = {key: _middle(graph, key, rank) for key in columns[column]}
        columns[column].sort(key=lambda key: (middles[key], graph.nodes[key].first_index))
        rank |= {key: float(at) for at, key in enumerate(columns[column])}
    tallest = max((len(keys) for keys in columns.values()), default=0)
    pitch = NODE_HEIGHT + GAP_Y
    return {
        key: (MARGIN + column * (NODE_WIDTH + GAP_X), MARGIN + at * pitch + (tallest - len(keys)) * pitch // 2)
        for column, keys in columns.items()
        for at, key in enumerate(keys)
    }


def _middle(graph: CallGraph, key: NodeKey, rank: dict[NodeKey, float]) -> float:
    callers = [rank[source] for source, target in graph.edges if target == key and source in rank]
    return sum(callers) / len(callers) if callers else 0.0


def _columns(graph: CallGraph) -> dict[NodeKey, int]:
    """Each node right of all that call it; nodes of a cycle follow each other from its first call on."""
    import networkx  # see CallGraph.directed

    directed = graph.directed()
    condensed = networkx.condensation(directed)
    columns: dict[NodeKey, int] = {}
    for number in networkx.lexicographical_topological_sort(condensed):
        members: set[NodeKey] = condensed.nodes[number]["members"]
        callers = [columns[source] for key in members for source in directed.predecessors(key) if source not in members]
        start = max(callers, default=-1) + 1
        entry = min(members, key=lambda key: graph.nodes[key].first_index)
        steps = networkx.single_source_shortest_path_length(directed.subgraph(members), entry)
        columns |= {key: start + step for key, step in steps.items()}
    return columns


def _node(key: NodeKey, tally: Tally, place: Place, loop: str, selected: str) -> GraphNode:
    kind, name = key
    return GraphNode(
        kind=kind,
        name=name,
        label=_fitting(name),
        url=tally.url,
        calls=tally.calls,
        failed=tally.failed,
        soft_failed=tally.soft_failed,
        model_calls=tally.model_calls,
        loop=loop,
        is_selected=bool(selected) and selected in tally.span_ids,
        x=place[0],
        y=place[1],
    )


def _edges(graph: CallGraph, places: dict[NodeKey, Place], cycles: set[tuple[NodeKey, NodeKey]]) -> list[GraphEdge]:
    most = max((tally.calls for tally in graph.edges.values()), default=1)
    incoming: dict[NodeKey, list[NodeKey]] = defaultdict(list)
    for source, target in graph.edges:
        incoming[target].append(source)
    for sources in incoming.values():
        sources.sort(key=lambda key: (places[key][1], places[key][0]))
    found = []
    for (source, target), tally in graph.edges.items():
        sources = incoming[target]
        end = NODE_HEIGHT * (sources.index(source) + 1) // (len(sources) + 1)
        failed, soft = (_share(count, tally.calls) for count in (tally.failed, tally.soft_failed))
        found.append(
            GraphEdge(
                source=source[1],
                target=target[1],
                url=tally.url,
                calls=tally.calls,
                failed=tally.failed,
                soft_failed=tally.soft_failed,
                is_cycle=(source, target) in cycles,
                line=_line(places[source], places[target], end),
                width=round(LINE_WIDTH_MIN + (LINE_WIDTH_MAX - LINE_WIDTH_MIN) * tally.calls / most, 1),
                failed_percent=failed,
                soft_percent=min(soft, 100 - failed),
            )
        )
    return found


def _share(count: int, calls: int) -> float:
    return round(max(SHARE_MIN, 100 * count / calls), 1) if count else 0.0


def _line(source: Place, target: Place, end: int) -> GraphLine:
    """From right to left edge; within a column round its right side; to an earlier column below the boxes."""
    if source[0] == target[0]:
        return _arc(source, target, BULGE)
    if source[0] > target[0]:
        x1, y1 = source[0] + NODE_WIDTH // 2, source[1] + NODE_HEIGHT
        x2, y2 = target[0] + NODE_WIDTH // 2, target[1] + NODE_HEIGHT
        low = max(y1, y2) + DIP
        head = f"{x2 - 4},{y2 + 7} {x2},{y2} {x2 + 4},{y2 + 7}"
        return GraphLine(f"M{x1} {y1}C{x1} {low} {x2} {low} {x2} {y2}", head, (x1 + x2) // 2, (y1 + y2 + 6 * low) // 8)
    x1, y1 = source[0] + NODE_WIDTH, source[1] + NODE_HEIGHT // 2
    x2, y2 = target[0], target[1] + end
    middle = x2 - GAP_X // 2
    path = f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
    share = 0.216 if len({y1, y2}) > 1 else 0.0  # of y1 at 0.7 of the curve
    head = f"{x2 - 7},{y2 - 4} {x2},{y2} {x2 - 7},{y2 + 4}"
    return GraphLine(path, head, x2 - 46, round(share * y1 + (1 - share) * y2))


def _arc(source: Place, target: Place, bulge: int) -> GraphLine:
    x = source[0] + NODE_WIDTH
    y1, y2 = source[1] + NODE_HEIGHT - 10, target[1] + 10
    if source == target:
        y1, y2 = y2, y1
    far = max(x, target[0] + NODE_WIDTH) + bulge
    end = target[0] + NODE_WIDTH
    head = f"{end + 7},{y2 - 4} {end},{y2} {end + 7},{y2 + 4}"
    return GraphLine(f"M{x} {y1}C{far} {y1} {far} {y2} {end} {y2}", head, far - bulge // 4, (y1 + y2) // 2)


def _loop_lines(keys: tuple[NodeKey, ...], places: dict[NodeKey, Place]) -> tuple[GraphLine, ...]:
    if len(keys) == 1:
        return (_arc(places[keys[0]], places[keys[0]], BULGE),)
    ring = [*keys, keys[0]]
    return tuple(
        _arc(places[source], places[target], BULGE if at == 0 else BULGE + 24)
        for at, (source, target) in enumerate(pairwise(ring))
    )


def _loop_text(rounds: list[int]) -> str:
    return f"×{rounds[0]}" if len(rounds) == 1 else f"{len(rounds)} loops, ×{sum(rounds)}"


def _fitting(name: str) -> str:
    """As much of a name as fits its box, with an ellipsis where it is cut; wide letters take two columns."""
    columns = 0
    for at, letter in enumerate(name):
        columns += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if columns > LABEL_COLUMNS_MAX:
            return name[: max(1, at - 1)] + "…"
    return name
