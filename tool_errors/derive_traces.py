"""Derives claimed traces from their rows, and remembers which are so large that they must be done less often."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tool_errors.derive import derive
from tool_errors.findings import DerivedTrace
from tool_errors.grouped.group_says import GroupSaid, carried_over
from tool_errors.interactions.trace_links import trace_links, with_told
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.loop.loops import DEFAULT_THRESHOLDS
from tool_errors.rest import Rest
from tool_errors.stored_facts import stored_facts
from tool_errors.table_rows import llm_call_row, loop_row, tool_call_row, trace_row
from trace_store.assembly import SpanNode
from trace_store.claim import NewMark, Unit
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.interactions.interaction_rows import InteractionTraceRow
from trace_store.stored import SpanRow, TraceKey, TreeRow, newest


@dataclass(slots=True)
class DerivedRows:
    """What one claim writes."""

    traces: list[TraceRow] = field(default_factory=list)
    llm_calls: list[LlmCallRow] = field(default_factory=list)
    tool_calls: list[ToolCallRow] = field(default_factory=list)
    loops: list[LoopRow] = field(default_factory=list)
    findings: dict[TraceKey, DerivedTrace] = field(default_factory=dict)  # from which the rows were made
    links: list[InteractionTraceRow] = field(default_factory=list)
    marks: list[NewMark] = field(default_factory=list)


class TraceDeriver:
    """Keeps the total work on a growing trace linear: the longer it took the last time, the longer it rests."""

    def __init__(self, wait_factor: float, wait_s_max: float, loops: LoopThresholds = DEFAULT_THRESHOLDS) -> None:
        self._rest = Rest(wait_factor, wait_s_max)
        self._thresholds = loops

    def wait_s(self, unit: Unit) -> float:
        """Seconds until this trace has its next turn; 0 when it may be derived now."""
        return self._rest.wait_s(unit)

    def must_wait(self, unit: Unit) -> bool:
        """Whether this growing trace has to rest."""
        return self.wait_s(unit) > 0

    def derive(
        self,
        into: DerivedRows,
        unit: Unit,
        rows: Sequence[TreeRow],
        settle_delays_s: tuple[float, float] | None,
        said: Mapping[TraceKey, GroupSaid],
        derived_by: str,
        told: Sequence[InteractionTraceRow] = (),
    ) -> float | None:
        """Adds the derived rows of one trace to `into`; where it is in a group, under what that `said` so far.

        `settle_delays_s` are the delays of a trace with and without an ended root, or None for a trace that counts as
        settled now; `derived_by` names the rules, `told` is what posted
        events say of the trace. Returns the delay after which it settles, None when it has.
        """
        started_s = time.thread_time()  # a busy machine makes no trace heavy
        span_rows = [tree_row.row for tree_row in rows]
        settle_delay_s = None
        if settle_delays_s is not None:
            ended = any(not row.parent_span_id and row.end_unix_nano for row in newest(span_rows).values())
            settle_delay_s = settle_delays_s[0 if ended else 1]
        claimed = [tree_row for tree_row in rows if tree_row.facts is not None]
        judged = [facts for tree_row in claimed if (facts := stored_facts(tree_row)) is not None]
        nodes = [span_node(tree_row.row, tree_row.service_name, tree_row.release) for tree_row in rows]
        derived = derive(nodes, judged, live=settle_delay_s is not None, thresholds=self._thresholds)
        into.links += trace_links(unit.project_id, derived, told)
        derived = with_told(derived, told)
        settle_at = None
        if settle_delay_s is not None:
            settle_at = datetime.now(UTC) + timedelta(seconds=settle_delay_s)
        project_id = unit.project_id
        row = trace_row(derived, span_rows, settle_at, derived_by)
        llm_calls = [llm_call_row(project_id, derived.trace_id, call) for call in derived.llm_calls]
        tool_calls = [tool_call_row(project_id, call) for call in derived.tool_calls]
        loops = [loop_row(project_id, loop) for loop in derived.loops]
        if (of_group := said.get(unit.trace)) is not None:
            row, llm_calls, tool_calls = carried_over(row, llm_calls, tool_calls, of_group)
            loops = of_group.loops
        into.traces.append(row)
        into.llm_calls += llm_calls
        into.tool_calls += tool_calls
        into.loops += loops
        into.findings[unit.trace] = derived
        self._rest.remember(unit, time.thread_time() - started_s)
        return settle_delay_s


def span_node(row: SpanRow, service_name: str, release: str) -> SpanNode:
    """What assembly and derive read of a stored span; the names are those of its resource."""
    return SpanNode(
        row.trace_id,
        row.span_id,
        row.parent_span_id,
        row.start_unix_nano,
        row.end_unix_nano,
        row.name,
        row.status_code,
        row.raw_length,
        row.digest,
        service_name,
        release,
    )
