"""Assembly: the tree of a trace from whatever spans have arrived, in any order.

Pure: no SQL, no clock. Nothing is ever left out of the tree: a span whose parent is missing hangs under a placeholder
that carries the missing id, a cycle is opened at its earliest span. Iterative, since chains may be 10,000 deep.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from trace_store.model import SpanVersion

NO_PARENT = -1
_NEVER = 1 << 64  # an end time later than any: the span still runs


class Node(Protocol):
    """What assembly reads of a span: a narrow row of `spans` is enough."""

    @property
    def trace_id(self) -> bytes:
        """16 bytes."""
        ...

    @property
    def span_id(self) -> bytes:
        """8 bytes."""
        ...

    @property
    def parent_span_id(self) -> bytes:
        """8 bytes, or empty for none."""
        ...

    @property
    def start_unix_nano(self) -> int:
        """Nanoseconds since the epoch; 0 when the sender gave none."""
        ...

    @property
    def end_unix_nano(self) -> int:
        """Nanoseconds since the epoch; 0 while the span runs."""
        ...

    @property
    def name(self) -> str:
        """The span name."""
        ...

    @property
    def raw_length(self) -> int:
        """Length of the raw span in bytes."""
        ...

    @property
    def digest(self) -> bytes:
        """sha256 of the raw span, first 16 bytes."""
        ...


class SpanNode(NamedTuple):
    """A narrow row of `spans`; satisfies `Node`."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes  # empty for none
    start_unix_nano: int
    end_unix_nano: int  # 0: not ended
    name: str
    status_code: int = 0
    raw_length: int = 0
    digest: bytes = b""
    service_name: str = ""
    release: str = ""


N = TypeVar("N", bound=Node)


class Row(NamedTuple, Generic[N]):
    """One line of the tree, in display order (parents before their children)."""

    node: N | None  # None: a placeholder for a parent that has not arrived
    span_id: bytes
    parent_index: int  # position of the parent's row, NO_PARENT for the top
    depth: int
    child_count: int
    descendant_count: int
    start_unix_nano: int  # as stored; of a placeholder the earliest child's
    end_unix_nano: int  # as stored; of a placeholder the latest child's
    skew_ns: int  # to be added to both times for display only, so that no child starts before its parent

    @property
    def is_placeholder(self) -> bool:
        """Whether the span itself is missing."""
        return self.node is None


class Tree(NamedTuple, Generic[N]):
    """The assembled trace."""

    rows: list[Row[N]]
    superseded: list[N]  # versions that a larger version of the same span id replaced
    opened_cycles: list[bytes]  # spans whose parent lies below themselves; they stand at the top

    def roots(self) -> list[N]:
        """Spans without a parent in the trace: those at the top, and those under a placeholder."""
        rows = self.rows
        return [
            row.node
            for row in rows
            if row.node is not None and (row.parent_index == NO_PARENT or rows[row.parent_index].node is None)
        ]

    def sums_below(self, values: Sequence[int]) -> list[int]:
        """For each row the sum of `values` (one per row) over all rows below it, itself left out."""
        sums = [0] * len(self.rows)
        if any(values):
            parents = [row.parent_index for row in self.rows]
            for index in range(len(parents) - 1, -1, -1):
                parent = parents[index]
                if parent != NO_PARENT:
                    sums[parent] += sums[index] + values[index]
        return sums


def version_of(node: Node) -> SpanVersion:
    """What decides between two versions of one span id: the larger wins."""
    return SpanVersion(node.end_unix_nano, node.raw_length, node.digest)


def assemble(nodes: Iterable[N]) -> Tree[N]:
    """Build the tree of one trace; the result does not depend on the order of `nodes`."""
    spans, superseded = _newest(nodes)
    children = _children(spans)
    tops = [span_id for span_id in children.get(b"", ()) if span_id in spans]
    missing = [parent for parent in children if parent and parent not in spans]
    opened = _open_cycles(spans, children, [*tops, *missing])
    keys = _sort_keys(spans, children, missing)
    for below in children.values():
        if len(below) > 1:
            below.sort(key=keys.__getitem__)
    tops = sorted([*tops, *missing, *opened], key=keys.__getitem__)
    return Tree(_rows(spans, children, tops, keys), superseded, sorted(opened))


def _newest(nodes: Iterable[N]) -> tuple[dict[bytes, N], list[N]]:
    """The largest version of each span id, and the others."""
    known = list(nodes)
    newest: dict[bytes, N] = {node.span_id: node for node in known}
    superseded: list[N] = []
    if len(newest) == len(known):
        return newest, superseded
    newest.clear()
    for node in known:
        other = newest.setdefault(node.span_id, node)
        if other is node:
            continue
        if _rank(node) > _rank(other):
            newest[node.span_id] = node
            superseded.append(other)
        else:
            superseded.append(node)
    superseded.sort(key=lambda node: (node.span_id, _rank(node)))
    return newest, superseded


def _rank(node: Node) -> tuple[SpanVersion, int, bytes, str]:
    """The version, and then fields that a narrow row without a digest still has."""
    return version_of(node), node.start_unix_nano, node.parent_span_id, node.name


def _children(spans: dict[bytes, N]) -> dict[bytes, list[bytes]]:
    """Span ids by the id of their parent; the key of those at the top is empty."""
    children: dict[bytes, list[bytes]] = {}
    for span_id, node in spans.items():
        parent = node.parent_span_id
        siblings = children.get(parent)
        if siblings is not None and parent != span_id:
            siblings.append(span_id)
            continue
        if parent == span_id or parent == node.trace_id or not any(parent):
            parent = b""  # some senders put the span's own id, the trace id or zeros where none is meant
        children.setdefault(parent, []).append(span_id)
    return children


def _open_cycles(spans: dict[bytes, N], children: dict[bytes, list[bytes]], tops: list[bytes]) -> list[bytes]:
    """Cut each cycle above its earliest span, which then stands at the top; return those spans."""
    reached: set[bytes] = set()
    pending = list(tops)
    while pending:
        span_id = pending.pop()
        reached.add(span_id)
        if span_id in children:
            pending += children[span_id]
    lost = spans.keys() - reached
    if not lost:
        return []
    import networkx  # takes 0.1 s to import, and real traces hardly ever have a cycle

    graph = networkx.DiGraph((spans[span_id].parent_span_id, span_id) for span_id in lost)
    opened = []
    for component in networkx.strongly_connected_components(graph):
        if len(component) > 1:
            first = min(component, key=lambda span_id: _sort_key(spans[span_id]))
            children[spans[first].parent_span_id].remove(first)
            opened.append(first)
    return opened


def _sort_key(node: Node) -> tuple[int, int, bytes]:
    """Earlier first; of two that start together the longer one, since it may enclose the other."""
    return node.start_unix_nano, -(node.end_unix_nano or _NEVER), node.span_id


def _sort_keys(
    spans: dict[bytes, N], children: dict[bytes, list[bytes]], missing: list[bytes]
) -> dict[bytes, tuple[int, int, bytes]]:
    keys = {
        span_id: (node.start_unix_nano, -(node.end_unix_nano or _NEVER), span_id) for span_id, node in spans.items()
    }
    for parent in missing:
        below = children[parent]
        keys[parent] = (min(keys[c][0] for c in below), min(keys[c][1] for c in below), parent)
    return keys


def _rows(
    spans: dict[bytes, N],
    children: dict[bytes, list[bytes]],
    tops: list[bytes],
    keys: dict[bytes, tuple[int, int, bytes]],
) -> list[Row[N]]:
    """Walk the tree depth first; children are sorted already. Of a long trace each line here costs milliseconds."""
    ids: list[bytes] = []  # of each row, as all lists here
    parents: list[int] = []
    depths: list[int] = []
    skews: list[int] = []
    shown: list[int] = []  # displayed start
    stack = [(span_id, NO_PARENT, 0) for span_id in reversed(tops)]
    while stack:
        span_id, parent_index, depth = stack.pop()
        start = keys[span_id][0]
        skew = 0
        if parent_index != NO_PARENT and start < shown[parent_index]:
            # A child shares the clock of a skewed parent more often than that of its grandparent.
            skew = max(skews[parent_index], shown[parent_index] - start)
        index = len(ids)
        ids.append(span_id)
        parents.append(parent_index)
        depths.append(depth)
        skews.append(skew)
        shown.append(start + skew)
        if span_id in children:
            stack += [(child, index, depth + 1) for child in reversed(children[span_id])]
    descendants = [0] * len(ids)
    for index in range(len(ids) - 1, -1, -1):
        if parents[index] != NO_PARENT:
            descendants[parents[index]] += descendants[index] + 1
    counts = [len(children[span_id]) if span_id in children else 0 for span_id in ids]
    nodes = [spans.get(span_id) for span_id in ids]
    starts = [keys[span_id][0] for span_id in ids]
    ends = [
        _end(keys[span_id][1]) if node is None else node.end_unix_nano for span_id, node in zip(ids, nodes, strict=True)
    ]
    columns = (nodes, ids, parents, depths, counts, descendants, starts, ends, skews)
    return [tuple.__new__(Row, values) for values in zip(*columns, strict=True)]  # Row() takes twice as long


def _end(negated: int) -> int:
    """The end of a placeholder, out of its sort key."""
    return 0 if negated == -_NEVER else -negated
