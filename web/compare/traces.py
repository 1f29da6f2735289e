"""Two traces step by step: what both did, what only one did, and what it cost; no payload is read, previews are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trace_store.derived_rows import LlmCallRow, ToolCallRow, TraceRow
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.compare.align import STEPS_MAX, Step, align
from web.compare.differences import Change, argument_changes, word_changes
from web.trace.trace_url import trace_url

FIGURES = (  # name, words, column of `traces`, unit
    ("steps", "Steps", "", "count"),
    ("spans", "Spans", "span_count", "count"),
    ("llm_calls", "Model calls", "llm_call_count", "count"),
    ("tool_calls", "Tool calls", "tool_call_count", "count"),
    ("errors", "Tool errors", "error_count", "count"),
    ("soft_errors", "Soft errors", "soft_error_count", "count"),
    ("unanswered", "Unanswered", "unanswered_count", "count"),
    ("loops", "Loops", "loop_count", "count"),
    ("input_tokens", "Tokens in", "input_tokens", "count"),
    ("output_tokens", "Tokens out", "output_tokens", "count"),
    ("cost_nano_usd", "Cost", "cost_nano_usd", "nano_usd"),
    ("duration_ns", "Duration", "", "ns"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two traces."""

    row: TraceRow
    steps: tuple[Step, ...]  # at most STEPS_MAX
    step_total: int

    @property
    def url(self) -> str:
        """Its page."""
        return trace_url(self.row.trace_id)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of both; None: not known."""

    name: str
    words: str
    unit: str  # count, ns, nano_usd
    a: int | None
    b: int | None

    @property
    def delta(self) -> int | None:
        """b - a."""
        return None if self.a is None or self.b is None else self.b - self.a


@dataclass(frozen=True, slots=True)
class PairedSteps:
    """A line of the comparison."""

    what: str  # same, changed, removed (only the first has it), added
    a: Step | None
    b: Step | None
    changes: tuple[Change, ...]  # of the arguments


@dataclass(frozen=True, slots=True)
class TraceComparison:
    """What the page shows."""

    a: Side
    b: Side
    figures: tuple[Figure, ...]
    pairs: tuple[PairedSteps, ...]
    input_changes: tuple[tuple[str, str], ...]
    output_changes: tuple[tuple[str, str], ...]

    def count(self, what: str) -> int:
        """How many lines are `same`, `changed`, `removed` or `added`."""
        return sum(pair.what == what for pair in self.pairs)


async def read_side(reader: TraceReader, trace: TraceKey) -> Side | None:
    """A trace with its steps by start; None for one that is not derived."""
    row = await reader.trace_row(trace)
    if row is None:
        return None
    steps = [_tool_step(call) for call in await reader.tool_calls(trace)]
    steps += [_model_step(call) for call in await reader.llm_calls(trace)]
    steps.sort(key=lambda step: (step.start_unix_nano, step.kind, step.span_id))
    return Side(row, tuple(steps[:STEPS_MAX]), len(steps))


def compare_sides(a: Side, b: Side) -> TraceComparison:
    """The comparison of two traces."""
    pairs = tuple(
        _paired(None if i is None else a.steps[i], None if j is None else b.steps[j])
        for i, j in align(a.steps, b.steps)
    )
    return TraceComparison(
        a,
        b,
        tuple(_figures(a, b)),
        pairs,
        word_changes(a.row.input_preview or "", b.row.input_preview or ""),
        word_changes(a.row.output_preview or "", b.row.output_preview or ""),
    )


def comparison_json(found: TraceComparison) -> dict[str, Any]:
    """The page as JSON."""
    counts = {what: found.count(what) for what in ("same", "changed", "removed", "added")}
    return {
        "a": _side_json(found.a),
        "b": _side_json(found.b),
        "figures": {each.name: {"a": each.a, "b": each.b, "delta": each.delta} for each in found.figures},
        "steps": counts,
        "pairs": [
            {
                "what": pair.what,
                "a": _step_json(pair.a),
                "b": _step_json(pair.b),
                "changes": [{"path": change.path, "a": change.a, "b": change.b} for change in pair.changes],
            }
            for pair in found.pairs
        ],
    }


def _paired(a: Step | None, b: Step | None) -> PairedSteps:
    if a is None or b is None:
        return PairedSteps("added" if a is None else "removed", a, b, ())
    is_same = a.arguments_digest == b.arguments_digest
    changes = () if is_same else argument_changes(a.arguments, b.arguments) or (Change("", a.arguments, b.arguments),)
    return PairedSteps("same" if is_same and a.status == b.status else "changed", a, b, changes)


def _figures(a: Side, b: Side) -> Iterator[Figure]:
    for name, words, column, unit in FIGURES:
        yield Figure(name, words, unit, *(_value(side, name, column) for side in (a, b)))


def _value(side: Side, name: str, column: str) -> int | None:
    if name == "steps":
        return side.step_total
    if name == "duration_ns":
        return None if side.row.live else max(0, side.row.end_unix_nano - side.row.start_unix_nano)
    value: int | None = getattr(side.row, column)
    return value


def _tool_step(call: ToolCallRow) -> Step:
    has_span = call.span_id is not None and call.end_unix_nano >= call.start_unix_nano
    failure = f"{call.error_type}: {call.error_message}" if call.error_type else call.error_message
    return Step(
        kind="tool",
        name=call.name,
        status="ok" if call.propagated_from is not None else call.status,
        span_id=call.span_id.hex() if call.span_id else "",
        start_unix_nano=call.start_unix_nano,
        arguments=call.arguments_preview or "",
        arguments_digest=call.arguments_digest,
        result=failure or call.result_preview or "",
        duration_ns=call.end_unix_nano - call.start_unix_nano if has_span else None,
    )


def _model_step(call: LlmCallRow) -> Step:
    return Step(
        kind="model",
        name=call.model or "(no model named)",
        status="error" if call.error_type or call.error_message else "ok",
        span_id=call.span_id.hex(),
        start_unix_nano=call.start_unix_nano,
        result=call.error_message or call.error_type or "",
        tokens=(call.input_tokens or 0) + (call.output_tokens or 0),
        cost_nano_usd=call.cost_nano_usd,
    )


def _side_json(side: Side) -> dict[str, Any]:
    row = side.row
    return {
        "trace_id": row.trace_id.hex(),
        "input": row.input_preview,
        "output": row.output_preview,
        "release": row.release or None,
        "user_id": row.user_id,
        "steps_shown": len(side.steps),
        "steps_total": side.step_total,
    }


def _step_json(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {
        "kind": step.kind,
        "name": step.name,
        "status": step.status,
        "span_id": step.span_id or None,
        "arguments": step.arguments,
        "result": step.result,
        "duration_ns": step.duration_ns,
        "tokens": step.tokens,
        "cost_nano_usd": step.cost_nano_usd,
    }
