"""The tree of a trace as lines to print: assembled rows joined with calls and loops. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tool_errors.derive_traces import span_node
from tool_errors.findings import FAILED
from trace_store.assembly import Row, SpanNode, Tree, assemble
from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.model import STATUS_ERROR
from trace_store.stored import TreeRow as StoredTreeRow
from web.pages.view_models import LoopView, RowStatus, TreeRow
from web.trace.loop_text import loop_text, loop_why
from web.trace.time_axis import Axis, Interval, axis_of
from web.trace.trace_reading import TreeRecords

OUTCOME_LENGTH_MAX = 200
PLACEHOLDER_NAME = "missing parent"


@dataclass(frozen=True, slots=True)
class TraceTree:
    """The whole tree; `shown_rows.py` folds it and cuts it into parts."""

    rows: list[TreeRow]
    axis: Axis
    span_count: int
    missing_parent_count: int
    skewed_count: int
    has_failed_root: bool


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls and loops of the trace, by what the tree looks them up with."""

    by_span: dict[bytes, ToolCallRow]
    output_tokens: dict[bytes, int]  # of model calls, by span
    without_span: dict[bytes | None, list[ToolCallRow]]  # by the model call that asked
    loop_of_call: dict[str, tuple[LoopRow, int]]


def build_tree(records: TreeRecords, path: str) -> TraceTree:
    """Assemble the rows of a trace page whose URL is `path`."""
    stored = {row.row.span_id: row for row in records.spans}
    tree = assemble(span_node(row) for row in records.spans)
    axis = axis_of(Interval(row.start_unix_nano + row.skew_ns, _end(row)) for row in tree.rows)
    calls = _index_calls(records)
    shown_below = _shown_below(tree.rows, calls)
    below = _Below(tree, calls, shown_below)
    rows: list[TreeRow] = []
    positions: list[int] = []  # of assembled rows among the printed ones
    for index, row in enumerate(tree.rows):
        positions.append(len(rows))
        parent = -1 if row.parent_index < 0 else positions[row.parent_index]
        own_tokens = calls.output_tokens.get(row.span_id, 0)
        rows.append(
            _line(
                row,
                stored.get(row.span_id),
                calls,
                axis,
                path,
                index=len(rows),
                parent_index=parent,
                status=_status(row, calls, below.failed_spans[index]),
                child_count=row.child_count + len(shown_below[index]),
                descendant_count=row.descendant_count + len(shown_below[index]) + below.calls[index],
                errors_below=below.errors[index],
                soft_errors_below=below.soft_errors[index],
                own_output_tokens=own_tokens,
                output_tokens=own_tokens + below.output_tokens[index],
            )
        )
        for call in shown_below[index]:
            rows.append(_call_line(call, calls, len(rows), positions[-1], row.depth + 1))
    return TraceTree(
        rows=rows,
        axis=axis,
        span_count=len(stored),
        missing_parent_count=sum(row.is_placeholder for row in tree.rows),
        skewed_count=sum(row.skew_ns > 0 for row in tree.rows),
        has_failed_root=any(node.status_code == STATUS_ERROR for node in tree.roots()),
    )


def loop_views(records: TreeRecords, path: str) -> tuple[LoopView, ...]:
    """The loops of a trace as chips."""
    span_of = {call.call_key: call.span_id for call in records.tool_calls}
    found = []
    for loop in records.loops:
        first = next((span.hex() for key in loop.call_keys if (span := span_of.get(key))), "")
        url = f"{path}?span={first}" if first else path
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
    loop_of_call = {key: (loop, number) for loop in loops for number, key in enumerate(loop.call_keys, start=1)}
    by_span = {call.span_id: call for call in records.tool_calls if call.span_id is not None}
    output_tokens: Counter[bytes] = Counter()
    for llm_call in records.llm_calls:
        output_tokens[llm_call.span_id] += llm_call.output_tokens or 0
    return _Calls(by_span, output_tokens, without_span, loop_of_call)


def _shown_below(rows: Sequence[Row[SpanNode]], calls: _Calls) -> list[list[ToolCallRow]]:
    """For each row the calls without a span that stand right below it: those that it asked for.

    Calls that no span of the trace asked for stand below the first row.
    """
    shown = [calls.without_span.get(row.span_id, []) if row.node is not None else [] for row in rows]
    known = {row.span_id for row in rows if row.node is not None}
    shown[0] = shown[0] + [call for by, found in calls.without_span.items() if by not in known for call in found]
    return shown


class _Below:
    """What stands below each row."""

    def __init__(self, tree: Tree[SpanNode], calls: _Calls, shown_below: list[list[ToolCallRow]]) -> None:
        errors = [int(row.node is not None and _is_error(row.node, calls)) for row in tree.rows]
        softs = [int(_call_status(row, calls) == "soft_error") for row in tree.rows]
        call_errors, call_softs = (
            [sum(call.status == status for call in found) for found in shown_below]
            for status in ("error", "soft_error")
        )
        self.failed_spans = tree.sums_below(errors)
        self.output_tokens = tree.sums_below([calls.output_tokens.get(row.span_id, 0) for row in tree.rows])
        self.calls = tree.sums_below([len(found) for found in shown_below])  # without those right below
        self.errors = _sums(self.failed_spans, tree.sums_below(call_errors), call_errors)
        self.soft_errors = _sums(tree.sums_below(softs), tree.sums_below(call_softs), call_softs)


def _sums(*columns: Sequence[int]) -> list[int]:
    return [sum(values) for values in zip(*columns, strict=True)]


def _end(row: Row[SpanNode]) -> int:
    return row.end_unix_nano + row.skew_ns if row.end_unix_nano else 0


def _call_status(row: Row[SpanNode], calls: _Calls) -> str:
    call = calls.by_span.get(row.span_id)
    return call.status if call is not None else ""


def _is_error(node: SpanNode, calls: _Calls) -> bool:
    call = calls.by_span.get(node.span_id)
    return call.status == "error" if call is not None else node.status_code == STATUS_ERROR


def _status(row: Row[SpanNode], calls: _Calls, errors_below: int) -> RowStatus:
    """A failed span is marked where the failure began, not on the parents through which it climbed."""
    if row.node is None:
        return "missing"
    call = calls.by_span.get(row.span_id)
    if call is not None and not (call.status == "error" and errors_below):
        return call.status  # type: ignore[return-value]  # the column holds a CallStatus
    return "error" if call is None and row.node.status_code == STATUS_ERROR and not errors_below else ""


def _line(
    row: Row[SpanNode], stored: StoredTreeRow | None, calls: _Calls, axis: Axis, path: str, **place: Any
) -> TreeRow:
    """The line of a span; `place` are the fields that only the whole tree knows."""
    call = calls.by_span.get(row.span_id)
    facts: dict[str, Any] = (stored.facts if stored is not None else None) or {}
    left, width = axis.bar(Interval(row.start_unix_nano + row.skew_ns, _end(row)))
    loop, number = calls.loop_of_call.get(call.call_key, (None, 0)) if call is not None else (None, 0)
    kind = (stored.type or "other") if stored is not None else "missing"
    secondary = (call.arguments_preview or "") if call is not None else (facts.get("model") or "")
    return TreeRow(
        depth=row.depth,
        span_id=row.span_id.hex(),
        url=f"{path}?span={row.span_id.hex()}",
        name=PLACEHOLDER_NAME if row.node is None else _name(row.node, call, facts, kind),
        type=kind,
        secondary=row.span_id.hex() if row.node is None else secondary,
        evidence=_evidence(call),
        recovered=call is not None and call.recovered,
        loop_id="" if loop is None else loop.loop_id,
        loop_place="" if loop is None else f"{number} of {len(loop.call_keys)}",
        has_span=row.node is not None,
        is_placeholder=row.node is None,
        is_running=row.node is not None and not row.end_unix_nano,
        duration_ns=max(0, row.end_unix_nano - row.start_unix_nano) if row.end_unix_nano else None,
        left_percent=left,
        width_percent=width,
        skew_ns=row.skew_ns,
        outcome=_outcome(call, facts)[:OUTCOME_LENGTH_MAX],
        start_unix_nano=row.start_unix_nano + row.skew_ns,
        end_unix_nano=_end(row),
        **place,
    )


def _call_line(call: ToolCallRow, calls: _Calls, index: int, parent_index: int, depth: int) -> TreeRow:
    """A tool call that no span tells of: it stands under the model call that asked for it."""
    loop, number = calls.loop_of_call.get(call.call_key, (None, 0))
    return TreeRow(
        index=index,
        parent_index=parent_index,
        depth=depth,
        span_id="",
        url="",
        name=call.name or "tool call",
        type="tool",
        secondary=call.arguments_preview or "",
        status=call.status,  # type: ignore[arg-type]  # the column holds a CallStatus
        evidence=_evidence(call),
        child_count=0,
        descendant_count=0,
        errors_below=0,
        soft_errors_below=0,
        recovered=call.recovered,
        loop_id="" if loop is None else loop.loop_id,
        loop_place="" if loop is None else f"{number} of {len(loop.call_keys)}",
        has_span=False,
        is_placeholder=False,
        is_running=False,
        duration_ns=None,
        left_percent=0.0,
        width_percent=0.0,
        skew_ns=0,
        call_key=call.call_key,
        outcome=_outcome(call, {})[:OUTCOME_LENGTH_MAX],
    )


def _outcome(call: ToolCallRow | None, facts: dict[str, Any]) -> str:
    """What came out of a step: its error, its result, what the model said."""
    if call is not None:
        error = ": ".join(part for part in (call.error_type, call.error_message) if part)
        return error if call.status in FAILED and error else call.result_preview or ""
    failure = facts.get("failure")
    error = ": ".join(str(part) for part in failure[2:4] if part) if failure else ""
    return error or str(facts.get("output_text") or "")


def _name(node: SpanNode, call: ToolCallRow | None, facts: dict[str, Any], kind: str) -> str:
    """What the step is called: the tool, the agent, else the span's name."""
    if call is not None and call.name:
        return call.name
    if kind == "agent" and facts.get("agent_name"):
        return str(facts["agent_name"])
    return node.name or "(no name)"


def _evidence(call: ToolCallRow | None) -> str:
    return f"{call.rule} at {call.path}" if call is not None and call.status in FAILED else ""
