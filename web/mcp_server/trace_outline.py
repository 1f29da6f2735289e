"""A trace as an outline within a token budget: what failed, then loops, then the tree folded to what is left. Pure.

A handle names a line for the next question: the hex id of a span, or the key of a tool call that no span tells of.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tool_errors.findings import UNSUCCESSFUL
from trace_store.derived_rows import LoopRow, ToolCallRow
from web.filters import duration, number, usd, utc
from web.mcp_server.token_budget import BYTES_A_TOKEN, fitting_count, one_line, tokens_of, within
from web.requests.errors import BadRequest
from web.trace.loop_text import loop_text, loop_why
from web.trace.trace_reading import TreeRecords
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree

Section = Literal["all", "failures", "tree"]
HINT_TOKENS = 60  # a line that says how much more there is and how to get it
NAME_CHARS, MESSAGE_CHARS, SECONDARY_CHARS = 80, 240, 60
INDENT_DEPTH_MAX = 12
FAILURES_SHARE, LOOPS_SHARE = 0.45, 0.15  # of what the header leaves, in the outline of everything
FOLD_SHARE_MIN = 0.5  # a folded tree that fills less gives way to the beginning of a deeper one


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the trace is asked for."""

    budget: int
    section: Section = "all"
    after: str = ""  # handle: go on behind this line
    under: str = ""  # handle: only what lies below this line


def outline(records: TreeRecords, tree: TraceTree, wish: Wish) -> str:
    """The text; BadRequest for a handle that the trace does not have."""
    trace_id = records.spans[0].row.trace_id.hex()
    if wish.section == "failures":
        failures = list(_failures(records, tree))
        rest = failures[_place(failures, wish.after) :] if wish.after else failures
        return within(
            "\n".join(_part("Failures", "more failures", rest, wish.budget, _more_failures(trace_id))), wish.budget
        )
    if wish.section == "tree" or wish.after or wish.under:
        return within("\n".join(_tree_part(trace_id, tree.rows, wish, wish.budget)), wish.budget)
    return within("\n".join(_everything(trace_id, records, tree, wish)), wish.budget)


def _everything(trace_id: str, records: TreeRecords, tree: TraceTree, wish: Wish) -> list[str]:
    lines = list(_header(trace_id, records, tree, max(60, wish.budget // 8 * BYTES_A_TOKEN)))
    left = wish.budget - _tokens(lines)
    failures = list(_failures(records, tree))
    if failures:
        room = int(left * FAILURES_SHARE)
        lines += _part(f"FAILURES ({len(failures)})", "more failures", failures, room, _more_failures(trace_id))
    if records.loops:
        loops = [(loop.loop_id, _loop(loop, records)) for loop in records.loops]
        room = int(left * LOOPS_SHARE) + HINT_TOKENS
        lines += _part(f"LOOPS ({len(loops)})", "more loops", loops, room, lambda _: f'trace_as_file("{trace_id}")')
    left = wish.budget - _tokens(lines)
    return lines + (_tree_part(trace_id, tree.rows, wish, left) if left > HINT_TOKENS * 2 else [])


def _header(trace_id: str, records: TreeRecords, tree: TraceTree, chars_max: int) -> Iterator[str]:
    row = records.trace
    if row is None:
        yield f"trace {trace_id}: {number(tree.span_count)} spans, not derived yet; ask again in a moment"
        return
    state = "running, more may come" if row.live else duration(row.end_unix_nano - row.start_unix_nano)
    yield f"trace {trace_id}, {utc(row.start_unix_nano)[:19]}Z, {state}"
    if row.input_preview:
        yield f"question: {one_line(row.input_preview, chars_max)}"
    yield f"answer: {one_line(row.output_preview, chars_max)}" if row.output_preview else "answer: none"
    whose = {
        "user": row.user_id,
        "conversation": row.conversation_id,
        "event": ", ".join(row.interaction_ids[:3]),
        "agent": ", ".join(row.agents[:3]),
        "model": ", ".join(row.models[:3]),
        "release": row.release,
        "environment": row.environment,
    }
    yield (
        ", ".join(f"{name}: {one_line(value, NAME_CHARS)}" for name, value in whose.items() if value) or "user: unknown"
    )
    cost = usd(row.cost_nano_usd) or "unknown"
    yield (
        f"{number(row.span_count)} spans, {number(row.llm_call_count)} model calls, "
        f"{number(row.tool_call_count)} tool calls, tokens {number(row.input_tokens)} in and "
        f"{number(row.output_tokens)} out, cost {cost}"
    )


def _failures(records: TreeRecords, tree: TraceTree) -> Iterator[tuple[str, str]]:
    """Failed tool calls in their order, then what else failed, each with its handle."""
    for call in sorted(records.tool_calls, key=lambda call: (call.start_unix_nano, call.call_key)):
        if call.status in UNSUCCESSFUL:
            yield _handle_of(call), _failure(call)
    calls = {call.span_id.hex() for call in records.tool_calls if call.span_id is not None}
    for row in tree.rows:
        if row.status == "error" and row.span_id and row.span_id not in calls:
            yield row.span_id, f"[{row.span_id}] {row.type} {one_line(row.name, NAME_CHARS)}: error (span status)"


def _failure(call: ToolCallRow) -> str:
    said = f"{call.error_type}: {call.error_message or ''}" if call.error_type else call.error_message or ""
    recovered = ", recovered later" if call.recovered else ""
    arguments = f" arguments {one_line(call.arguments_preview, SECONDARY_CHARS)}" if call.arguments_preview else ""
    message = f": {one_line(said, MESSAGE_CHARS)}" if said else ""
    name = one_line(call.name or "a tool", NAME_CHARS)
    return f"[{_handle_of(call)}] {name}: {call.status}{recovered} ({call.rule} at {call.path}){message}{arguments}"


def _loop(loop: LoopRow, records: TreeRecords) -> str:
    first = next((call for call in records.tool_calls if call.call_key in loop.call_keys), None)
    place = f"[{_handle_of(first)}] " if first is not None else ""
    wasted = f"wasted {number(loop.wasted_calls)} calls and {duration(loop.wasted_ns)}"
    tokens = f", {number(loop.tokens)} tokens" if loop.tokens else ""
    dismissed = " People say that this is no loop." if loop.loop_id in records.dismissed_loops else ""
    name, why = one_line(loop_text(loop), MESSAGE_CHARS), one_line(loop_why(loop), MESSAGE_CHARS)
    return f"{place}{name}, {loop.failures} failed, {loop.ended}; {wasted}{tokens}. {why}{dismissed}"


def _part(
    title: str, what: str, lines: Sequence[tuple[str, str]], budget: int, more: Callable[[str], str]
) -> list[str]:
    """A heading and as many lines as fit; then how many more, and how to get them."""
    texts = [text for _, text in lines]
    count = fitting_count([title, *texts], budget) - 1
    if count < len(texts):
        count = max(1, fitting_count([title, *texts], budget - HINT_TOKENS) - 1)
    shown = [title, *texts[:count]]
    if count < len(texts):
        shown.append(f"{number(len(texts) - count)} {what}: {more(lines[count - 1][0])}")
    return shown


def _tree_part(trace_id: str, rows: Sequence[TreeStep], wish: Wish, budget: int) -> list[str]:
    """The tree: folded at a depth where it fits, or else its beginning."""
    title, chosen = f"TREE ({number(len(rows))} lines)", rows
    if wish.under:
        top = _index(rows, wish.under)
        chosen = rows[top + 1 : top + 1 + rows[top].descendant_count]
        title = f"BELOW [{wish.under}] ({number(len(chosen))} lines)"
    if wish.after:
        start = _index(rows, wish.after) + 1
        chosen = [row for row in chosen if row.index >= start]
    elif folded := _folded(trace_id, title, chosen, budget):
        return folded
    lines = [(_handle(row), _line(row, is_folded=False)) for row in chosen]
    under = f', under="{wish.under}"' if wish.under else ""
    if not lines:
        return [f"{title}: nothing more."]
    return _part(title, "more spans", lines, budget, lambda handle: f'get_trace("{trace_id}"{under}, after="{handle}")')


def _more_failures(trace_id: str) -> Callable[[str], str]:
    return lambda handle: f'get_trace("{trace_id}", section="failures", after="{handle}")'


def _folded(trace_id: str, title: str, rows: Sequence[TreeStep], budget: int) -> list[str]:
    """The deepest outline that fits; empty when it would be a small part of the budget."""
    hint = (
        f'spans are folded; (+n) says how many lie below a line: get_trace("{trace_id}", under=HANDLE) shows them, '
        "get_span one of them."
    )
    depths = sorted({row.depth for row in rows})
    best: list[str] = []
    for deepest in depths:
        shown = [row for row in rows if row.depth <= deepest]
        hidden = len(rows) - len(shown)
        lines = [title, *(_line(row, is_folded=row.depth == deepest) for row in shown)]
        lines += [f"{number(hidden)} {hint}"] if hidden else []
        if fitting_count(lines, budget) < len(lines):
            break
        best = lines
        if not hidden:
            return best
    return best if _tokens(best) >= budget * FOLD_SHARE_MIN else []


def _line(row: TreeStep, *, is_folded: bool) -> str:
    indent = "  " * min(row.depth, INDENT_DEPTH_MAX)
    status = f" {row.status.upper()}" if row.status in UNSUCCESSFUL else ""
    recovered = ", recovered" if row.recovered and row.status in UNSUCCESSFUL else ""
    loop = f" (loop: {row.loop_place})" if row.loop_id else ""
    below = f" (+{number(row.descendant_count)})" if is_folded and row.descendant_count else ""
    secondary = f" {one_line(row.secondary, SECONDARY_CHARS)}" if row.secondary else ""
    took = "" if row.duration_ns is None else f" {duration(row.duration_ns)}"
    name = one_line(row.name, NAME_CHARS)
    return f"{indent}[{_handle(row)}] {row.type} {name}{took}{status}{recovered}{loop}{below}{secondary}"


def _handle(row: TreeStep) -> str:
    return row.span_id or row.call_key


def _handle_of(call: ToolCallRow) -> str:
    return call.span_id.hex() if call.span_id is not None else call.call_key


def _index(rows: Sequence[TreeStep], handle: str) -> int:
    for row in rows:
        if _handle(row) == handle:
            return row.index
    raise BadRequest(f"This trace has no line with the handle {handle}; handles stand in brackets in get_trace.")


def _place(lines: Sequence[tuple[str, str]], handle: str) -> int:
    for place, (known, _) in enumerate(lines, start=1):
        if known == handle:
            return place
    raise BadRequest(f"No failure of this trace has the handle {handle}; handles stand in brackets in get_trace.")


def _tokens(lines: Sequence[str]) -> int:
    return tokens_of("\n".join(lines) + "\n") if lines else 0
