"""The tree of a trace: assembled rows joined with calls and loops. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from trace_store.assembly import Row, Tree, assemble
from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.model import STATUS_ERROR
from trace_store.stored import SpanRow
from web.pages.view_models import LoopView, RowStatus
from web.trace.loop_text import loop_text, loop_why
from web.trace.time_axis import Axis, axis_of
from web.trace.trace_reading import TreeRecords
from web.trace.trace_url import with_span
from web.trace.tree_step import StoredRow, TreeStep, facts_of

PLACEHOLDER_NAME = "missing parent"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TraceTree:
    """The whole tree; `shown_rows.py` folds it and cuts it into parts."""

    rows: list[TreeStep]
    path: str  # of the page
    axis: Axis
    span_count: int
    missing_parent_count: int
    skewed_count: int
    has_failed_root: bool
    _found: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, name: str, find: Callable[[], T]) -> T:
        """What `find` finds in the whole tree; kept under this name, since each view of a long trace asks again."""
        if name not in self._found:
            self._found[name] = find()
        found: T = self._found[name]
        return found

    def index_of(self, span_id: str) -> int:
        """The row of a span, -1 for one that the trace does not have."""
        known = self.once("rows by span", lambda: {row.span_id: row.index for row in self.rows})
        return known.get(span_id, -1) if span_id else -1

    def url_of(self, step: TreeStep) -> str:
        """The address of the page with this step selected; "" for a call without a span."""
        return with_span(self.path, step.span_id) if step.span_id else ""


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls and loops of the trace, by what the tree looks them up with."""

    by_span: dict[bytes, ToolCallRow]
    output_tokens: dict[bytes, int]  # of model calls, by span
    without_span: dict[bytes | None, list[ToolCallRow]]  # by the model call that asked
    loop_of_call: dict[str, tuple[str, str]]  # its id, and the place in it: "3 of 5"


def build_tree(records: TreeRecords, path: str) -> TraceTree:
    """Assemble the rows of a trace page whose URL is `path`."""
    stored = {row.row.span_id: row for row in records.spans}
    tree = assemble(row.row for row in records.spans)
    calls = _index_calls(records)
    shown_below = _shown_below(tree.rows, calls)
    row_calls = [calls.by_span.get(row.span_id) for row in tree.rows]
    below = _Below(tree, calls, row_calls, shown_below)
    rows: list[TreeStep] = []
    positions: list[int] = []  # of assembled rows among the printed ones
    for index, row in enumerate(tree.rows):
        position = len(rows)
        positions.append(position)
        parent = -1 if row.parent_index < 0 else positions[row.parent_index]
        called = shown_below.get(index, ())
        place = (index, position, parent, len(called))
        rows.append(_step(row, row_calls[index], stored.get(row.span_id), calls, below, *place))
        for call in called:
            rows.append(_call_step(call, calls, len(rows), position, row.depth + 1))
    return TraceTree(
        rows=rows,
        path=path,
        axis=axis_of((row.start_unix_nano, row.end_unix_nano) for row in rows),
        span_count=len(stored),
        missing_parent_count=sum(row.node is None for row in tree.rows),
        skewed_count=sum(row.skew_ns > 0 for row in tree.rows),
        has_failed_root=any(node.status_code == STATUS_ERROR for node in tree.roots()),
    )


def loop_views(records: TreeRecords, path: str) -> tuple[LoopView, ...]:
    """The loops of a trace as chips."""
    span_of = {call.call_key: call.span_id for call in records.tool_calls}
    found = []
    for loop in records.loops:
        first = next((span.hex() for key in loop.call_keys if (span := span_of.get(key))), "")
        url = with_span(path, first)
        found.append(
            LoopView(
                loop.loop_id,
                loop_text(loop),
                loop.iterations,
                loop.failures,
                loop.tokens,
                loop.ended,
                url,
                kind=loop.kind,
                why=loop_why(loop),
                cost_nano_usd=loop.cost_nano_usd,
                is_dismissed=loop.loop_id in records.dismissed_loops,
            )
        )
    return tuple(found)


def _index_calls(records: TreeRecords) -> _Calls:
    without_span: dict[bytes | None, list[ToolCallRow]] = defaultdict(list)
    for call in records.tool_calls:
        if call.span_id is None:
            without_span[call.asked_by].append(call)
    loops = [loop for loop in records.loops if loop.loop_id not in records.dismissed_loops]
    loop_of_call = {key: place for loop in loops for key, place in _places(loop)}
    by_span = {call.span_id: call for call in records.tool_calls if call.span_id is not None}
    output_tokens: Counter[bytes] = Counter()
    for llm_call in records.llm_calls:
        output_tokens[llm_call.span_id] += llm_call.output_tokens or 0
    return _Calls(by_span, output_tokens, without_span, loop_of_call)


def _places(loop: LoopRow) -> list[tuple[str, tuple[str, str]]]:
    count = len(loop.call_keys)
    return [(key, (loop.loop_id, f"{number} of {count}")) for number, key in enumerate(loop.call_keys, start=1)]


def _shown_below(rows: Sequence[Row[SpanRow]], calls: _Calls) -> dict[int, list[ToolCallRow]]:
    """By row the calls without a span that stand right below it: those that it asked for.

    Calls that no span of the trace asked for stand below the first row.
    """
    if not calls.without_span:
        return {}
    known = {row.span_id: index for index, row in enumerate(rows) if row.node is not None}
    shown = {known[by]: list(found) for by, found in calls.without_span.items() if by in known}
    others = [call for by, found in calls.without_span.items() if by not in known for call in found]
    return shown | {0: shown.get(0, []) + others} if others else shown


class _Below:
    """What stands below each row."""

    def __init__(
        self,
        tree: Tree[SpanRow],
        calls: _Calls,
        row_calls: Sequence[ToolCallRow | None],
        shown_below: Mapping[int, Sequence[ToolCallRow]],
    ) -> None:
        errors = [
            0 if row.node is None else int(_has_failed(row.node) if call is None else call.status == "error")
            for row, call in zip(tree.rows, row_calls, strict=True)
        ]
        softs = [0 if call is None else int(call.status == "soft_error") for call in row_calls]
        counts, call_errors, call_softs = ([0] * len(tree.rows) for _ in range(3))
        for index, found in shown_below.items():
            counts[index] = len(found)
            call_errors[index] = sum(call.status == "error" for call in found)
            call_softs[index] = sum(call.status == "soft_error" for call in found)
        self.failed_spans = tree.sums_below(errors)
        self.own_tokens = [calls.output_tokens.get(row.span_id, 0) for row in tree.rows]
        self.output_tokens = tree.sums_below(self.own_tokens)
        self.calls = tree.sums_below(counts)  # without those right below
        self.errors = _sums(self.failed_spans, tree.sums_below(call_errors), call_errors)
        self.soft_errors = _sums(tree.sums_below(softs), tree.sums_below(call_softs), call_softs)


def _sums(*columns: Sequence[int]) -> list[int]:
    return list(map(sum, zip(*columns, strict=True)))


def _has_failed(node: SpanRow) -> bool:
    return node.status_code == STATUS_ERROR


def _status(row: Row[SpanRow], call: ToolCallRow | None, errors_below: int) -> RowStatus:
    """A failed span is marked where the failure began, not on the parents through which it climbed."""
    if row.node is None:
        return "missing"
    if call is not None and not (call.status == "error" and errors_below):
        return call.status  # type: ignore[return-value]  # the column holds a CallStatus
    return "error" if call is None and _has_failed(row.node) and not errors_below else ""


def _step(
    row: Row[SpanRow],
    call: ToolCallRow | None,
    stored: StoredRow | None,
    calls: _Calls,
    below: _Below,
    index: int,
    position: int,
    parent: int,
    called: int,
) -> TreeStep:
    """The step of a span or of a missing parent; `called` calls without a span stand right below it."""
    node, span_id, skew_ns = row.node, row.span_id, row.skew_ns
    loop_id, loop_place = calls.loop_of_call.get(call.call_key, ("", "")) if call is not None else ("", "")
    kind = (stored.type or "other") if stored is not None else "missing"
    own_tokens = below.own_tokens[index]
    return TreeStep(
        position,
        parent,
        row.depth,
        span_id.hex(),
        PLACEHOLDER_NAME if node is None else _name(node, call, stored, kind),
        kind,
        _status(row, call, below.failed_spans[index]),
        row.child_count + called,
        row.descendant_count + called + below.calls[index],
        below.errors[index],
        below.soft_errors[index],
        call is not None and call.recovered,
        loop_id,
        loop_place,
        node is not None and not row.end_unix_nano,
        skew_ns,
        row.start_unix_nano + skew_ns,
        row.end_unix_nano + skew_ns if row.end_unix_nano else 0,
        own_tokens,
        own_tokens + below.output_tokens[index],
        call,
        stored,
    )


def _call_step(call: ToolCallRow, calls: _Calls, index: int, parent_index: int, depth: int) -> TreeStep:
    """A tool call that no span tells of: it stands under the model call that asked for it."""
    loop_id, loop_place = calls.loop_of_call.get(call.call_key, ("", ""))
    return TreeStep(
        index=index,
        parent_index=parent_index,
        depth=depth,
        span_id="",
        name=call.name or "tool call",
        type="tool",
        status=call.status,  # type: ignore[arg-type]  # the column holds a CallStatus
        child_count=0,
        descendant_count=0,
        errors_below=0,
        soft_errors_below=0,
        recovered=call.recovered,
        loop_id=loop_id,
        loop_place=loop_place,
        is_running=False,
        skew_ns=0,
        start_unix_nano=0,
        end_unix_nano=0,
        own_output_tokens=0,
        output_tokens=0,
        call=call,
        span=None,
    )


def _name(node: SpanRow, call: ToolCallRow | None, stored: StoredRow | None, kind: str) -> str:
    """What the step is called: the tool, the agent, else the span's name."""
    if call is not None and call.name:
        return call.name
    if kind == "agent" and (agent := facts_of(stored).get("agent_name")):
        return str(agent)
    return node.name or "(no name)"
