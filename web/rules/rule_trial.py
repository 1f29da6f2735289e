"""Tries tool rules on stored calls: which would get another status or evidence than under the rules in force.

Whole traces are derived in memory, newest first, once with either rules; nothing is written. Each trace is taken by
itself: what only its conversation knows is the same under both.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tool_errors.derive import derive
from tool_errors.failure.tool_rules import ToolRules
from tool_errors.findings import ToolCall
from tool_errors.judged import judge_facts
from trace_store.dialects.registry import DialectRegistry
from trace_store.lists.tool_stats import count_tool_calls
from trace_store.lists.trace_filter import TraceCursor, TraceFilter
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.trace.trace_reading import judge_all, nodes_of

CALLS_TRIED = 1000  # unless told otherwise
CALLS_TRIED_MAX = 10_000
TRACES_LOOKED_AT_MAX = 10_000  # also those without tool calls
COUNTED_MAX = 100_000  # calls
SPANS_OF_TRACE_MAX = 2000  # larger traces are left out
EXAMPLES_MAX = 5
PREVIEW_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class TriedCall:
    """One call that changes."""

    trace_id: str
    call_key: str
    span_id: str  # "" where no span shows the call
    result: str  # the beginning of it


@dataclass(frozen=True, slots=True)
class Change:
    """Calls of one tool that change alike."""

    tool: str
    status_before: str
    rule_before: str
    status: str
    rule: str
    count: int
    examples: tuple[TriedCall, ...]  # the newest


@dataclass(frozen=True, slots=True)
class Trial:
    """What other rules would change."""

    looked_at: int  # calls, the newest
    total: int  # stored calls, counted up to 100,000
    traces: int
    left_out: int  # traces that are too large
    changes: tuple[Change, ...]  # those of status first, the most frequent first
    decided: dict[str, int]  # by rule of the user: how many calls it would decide

    @property
    def status_changes(self) -> int:
        """How many calls would change their status."""
        return sum(change.count for change in self.changes if change.status != change.status_before)


async def try_rules(
    reader: TraceReader, project_id: int, registry: DialectRegistry, rules: ToolRules, calls_max: int = CALLS_TRIED
) -> Trial:
    """Tries `rules` in place of those of this process on the newest calls; StoreUnavailable."""
    pairs: list[tuple[ToolCall, ToolCall]] = []
    traces = left_out = passed = 0
    cursor: TraceCursor | None = None
    while passed < TRACES_LOOKED_AT_MAX and len(pairs) < calls_max:
        rows, cursor = await reader.list_traces(TraceFilter(project_id), cursor, 500)
        passed += len(rows)
        for row in rows:
            if len(pairs) >= calls_max:
                break
            if row.tool_call_count and row.span_count > SPANS_OF_TRACE_MAX:
                left_out += 1
            elif row.tool_call_count:
                pairs += await _both(reader, TraceKey(project_id, row.trace_id), registry, rules, live=row.live)
                traces += 1
        if cursor is None:
            break
    pairs = pairs[:calls_max]
    async with reader.freely_planned() as connection:
        total = await count_tool_calls(connection, project_id, COUNTED_MAX)
    decided = {rule.id: 0 for rule in rules.rules}
    for _, call in pairs:
        if call.verdict.rule in decided:
            decided[call.verdict.rule] += 1
    return Trial(len(pairs), max(total, len(pairs)), traces, left_out, _changes(pairs), decided)


async def _both(
    reader: TraceReader, trace: TraceKey, registry: DialectRegistry, rules: ToolRules, *, live: bool
) -> list[tuple[ToolCall, ToolCall]]:
    """The calls of a trace under the rules in force and under `rules`, newest first."""
    stored = await reader.stored_spans(trace)
    before = judge_all(stored, await reader.logs(trace), registry)
    after = [judge_facts(judged.facts, judged.version, rules) for judged in before.values()]
    nodes = nodes_of(stored)
    now = derive(nodes, before.values(), live=live).tool_calls
    then = {call.call_key: call for call in derive(nodes, after, live=live).tool_calls}
    both = [(call, then[call.call_key]) for call in now if call.call_key in then]
    return sorted(both, key=lambda pair: (-pair[0].start_unix_nano, pair[0].call_key))


def _changes(pairs: Iterable[tuple[ToolCall, ToolCall]]) -> tuple[Change, ...]:
    found: dict[tuple[str, str, str, str, str], list[ToolCall]] = defaultdict(list)
    for before, after in pairs:
        was, becomes = before.verdict, after.verdict
        if (was.status, was.rule) != (becomes.status, becomes.rule):
            found[before.name, was.status, was.rule, becomes.status, becomes.rule].append(before)
    changes = [
        Change(*key, count=len(calls), examples=tuple(map(_tried, calls[:EXAMPLES_MAX])))
        for key, calls in found.items()
    ]
    return tuple(
        sorted(changes, key=lambda change: (change.status == change.status_before, -change.count, change.tool))
    )


def _tried(call: ToolCall) -> TriedCall:
    text = "" if call.result is None else call.result.preview
    shown = text if len(text) <= PREVIEW_CHARS_MAX else text[: PREVIEW_CHARS_MAX - 1] + "…"
    return TriedCall(call.trace_id.hex(), call.call_key, call.span_id.hex() if call.span_id else "", shown)
