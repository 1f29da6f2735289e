"""The strip above the waterfall: the whole trace with its failures and loops, and the window on it. Pure."""

from collections.abc import Iterator, Sequence

from web.pages.trace_views import Minimap, MinimapLane, MinimapLoop
from web.trace.span_extents import Extents, Window
from web.trace.trace_reading import TreeRecords
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree

WIDTH = 600  # columns; what falls into one is drawn once
LANES_MAX = 6  # of depth; what stands deeper is drawn in the last
LANE_HEIGHT, LANE_GAP = 3, 2
FAILURE_HEIGHT = 6
LOOPS_MAX = 30
_KINDS = {"agent": "agent", "llm": "llm", "chain": "agent", "other": "other", "missing": "other"}
_DRAWN = ("other", "agent", "llm", "tool")  # in this order, the later over the earlier
_FAILURES = ("soft_error", "error")  # hard failures are drawn over soft ones


def build_minimap(
    tree: TraceTree, records: TreeRecords, extents: Extents, window: Window, state: TraceViewState, path: str
) -> Minimap:
    """The strip for a trace, its window as the waterfall has it."""
    length = extents.length
    at = tree.index_of(state.selected)
    needle = extents.spans[at][0] if at >= 0 else None
    is_whole = (window.begin, window.end) == (0, length)
    lanes_height, drawn = tree.once(f"lanes by {extents.measure}", lambda: _drawn(tree.rows, extents))
    return Minimap(
        lanes=drawn,
        loops=tuple(_loops(tree.rows, records, extents)) if records.loops else (),
        width=WIDTH,
        height=lanes_height + FAILURE_HEIGHT,
        length=length,
        begin=window.begin,
        end=window.end,
        left_percent=_percent(window.begin, length),
        right_percent=_percent(window.end, length) if length else 100.0,
        needle_percent=_percent(needle, length) if needle is not None and state.selected else None,
        spoken=tree.once("lanes, spoken", lambda: _spoken(tree.rows, records)),
        zoom_url=_zoomed(window, needle, state, path),
        earlier_url=_moved(window, -1, length, state, path) if window.begin else "",
        later_url=_moved(window, 1, length, state, path) if window.end < length else "",
        whole_url="" if is_whole else state.url(path, begin=0, end=0, offset=-1),
    )


def _drawn(rows: Sequence[TreeStep], extents: Extents) -> tuple[int, tuple[MinimapLane, ...]]:
    """The height of the lanes of steps, and all lanes."""
    lanes = min(LANES_MAX, 1 + max((row.depth for row in rows), default=0))
    height = lanes * (LANE_HEIGHT + LANE_GAP)
    return height, (*_lanes(rows, extents, lanes), *_failures(rows, extents, height))


def _lanes(rows: Sequence[TreeStep], extents: Extents, count: int) -> Iterator[MinimapLane]:
    columns = {kind: [bytearray(WIDTH) for _ in range(count)] for kind in _DRAWN}
    for row, span in zip(rows, extents.spans, strict=True):
        lanes = columns[_KINDS.get(row.type, "tool")]
        begin, end = _columns(span, extents.length)
        lane = lanes[row.depth if row.depth < count else count - 1]
        if end - begin == 1:  # as are most steps of a long trace
            lane[begin] = 1
        else:
            lane[begin:end] = b"\1" * (end - begin)
    for kind in _DRAWN:
        drawn = (_path(lane, at * (LANE_HEIGHT + LANE_GAP), LANE_HEIGHT) for at, lane in enumerate(columns[kind]))
        path = "".join(drawn)
        if path:
            yield MinimapLane(kind, path)


def _failures(rows: Sequence[TreeStep], extents: Extents, top: int) -> Iterator[MinimapLane]:
    for status in _FAILURES:
        lane = bytearray(WIDTH)
        for row in rows:
            if row.status == status:
                begin, end = _columns(extents.spans[row.index], extents.length)
                lane[begin : max(end, begin + 2)] = b"\1" * (max(end, begin + 2) - begin)
        path = _path(lane[:WIDTH], top, FAILURE_HEIGHT)
        if path:
            yield MinimapLane(status, path)


def _loops(rows: Sequence[TreeStep], records: TreeRecords, extents: Extents) -> Iterator[MinimapLoop]:
    spans: dict[str, tuple[int, int]] = {}
    for row in rows:
        if row.loop_id:
            begin, end = extents.spans[row.index]
            known = spans.get(row.loop_id, (begin, end))
            spans[row.loop_id] = min(known[0], begin), max(known[1], end)
    found = [loop for loop in records.loops if loop.loop_id in spans]
    for loop in sorted(found, key=lambda loop: -loop.iterations)[:LOOPS_MAX]:
        left, right = (_percent(at, extents.length) for at in spans[loop.loop_id])
        yield MinimapLoop(left, round(right - left, 3), f"×{loop.iterations}")


def _columns(span: tuple[int, int], length: int) -> tuple[int, int]:
    """The columns that a step covers, at least one."""
    if not length:
        return 0, WIDTH
    begin, end = span[0] * WIDTH // length, -(-span[1] * WIDTH // length)
    if begin >= WIDTH:
        return WIDTH - 1, WIDTH
    return begin, end if end > begin else begin + 1


def _path(lane: bytearray, top: int, height: int) -> str:
    """Boxes over the columns that are set, as data of an SVG path."""
    boxes = []
    at = lane.find(1)
    while at >= 0:
        end = lane.find(0, at)
        end = len(lane) if end < 0 else end
        boxes.append(f"M{at} {top}h{end - at}v{height}h{at - end}z")
        at = lane.find(1, end)
    return "".join(boxes)


def _percent(at: int, length: int) -> float:
    return round(100 * at / length, 3) if length else 0.0


def _zoomed(window: Window, needle: int | None, state: TraceViewState, path: str) -> str:
    """The window half as wide, round the selected step where that stands in it."""
    half = (window.end - window.begin) // 4
    if half < 1:
        return ""
    middle = needle if needle is not None and window.touches((needle, needle)) else (window.begin + window.end) // 2
    begin = min(max(window.begin, middle - half), window.end - 2 * half)
    return state.url(path, begin=begin, end=begin + 2 * half, offset=-1)


def _moved(window: Window, direction: int, length: int, state: TraceViewState, path: str) -> str:
    width = window.end - window.begin
    begin = min(max(0, window.begin + direction * max(1, width // 2)), length - width)
    return state.url(path, begin=begin, end=begin + width, offset=-1)


def _spoken(rows: Sequence[TreeStep], records: TreeRecords) -> str:
    """What the strip shows, in a sentence."""
    failed = sum(row.status == "error" for row in rows)
    soft = sum(row.status == "soft_error" for row in rows)
    loops = len(records.loops)
    told = [f"{failed} failed", f"{soft} failed softly", f"{loops} {'loop' if loops == 1 else 'loops'}"]
    return f"The whole trace: {len(rows)} steps, {', '.join(told)}"
