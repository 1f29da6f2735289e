"""What each agent did in a conversation, on one time axis over all its traces; long pauses are drawn short. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tool_errors.findings import FAILED
from trace_store.derived_rows import TraceRow
from trace_store.interactions.conversation_reads import ConversationRows
from web.conversations.interaction_view import feedback_by_event, interaction_view
from web.filters import duration
from web.pages.conversation_models import ConversationLanes, Lane, LaneGap, LaneMark, LaneStep
from web.trace.trace_url import trace_url
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree

STEPS_MAX = 600  # that the lanes draw
LANES_MAX = 12  # agents; the others share the last lane
GAP_PERCENT = 2.5  # width of a pause
GAPS_PERCENT_MAX = 40.0  # of the axis, for all of them
GAP_SHARE_MIN = 0.2  # of the time in which something happens: a shorter pause is drawn as it was
WIDTH_PERCENT_MIN = 0.3
OTHERS = "other agents"
_TONES = {"negative": "bad", "positive": "good"}
_LANE_KINDS = frozenset({"agent", "llm", "tool"})


@dataclass(frozen=True, slots=True)
class TraceSteps:
    """A trace of the conversation; `tree` is None where it has too many spans for the lanes."""

    row: TraceRow
    path: str
    tree: TraceTree | None


class _Placed(NamedTuple):
    """A step before it has its place on the axis."""

    lane: str
    kind: str
    status: str
    url: str
    words: str
    start_unix_nano: int
    end_unix_nano: int
    is_in_loop: bool


class TimeMap:
    """Times as percent of an axis on which long pauses are short."""

    def __init__(self, intervals: Iterable[tuple[int, int]]) -> None:
        merged: list[list[int]] = []
        for start, end in sorted(intervals):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, max(start, end)])
        busy = sum(end - start for start, end in merged)
        joined: list[list[int]] = []
        for start, end in merged:
            if joined and start - joined[-1][1] <= GAP_SHARE_MIN * busy:
                joined[-1][1] = end
            else:
                joined.append([start, end])
        self._parts = joined
        self._gap = min(GAP_PERCENT, GAPS_PERCENT_MAX / max(1, len(joined) - 1))
        drawn = sum(end - start for start, end in joined)
        self._scale = (100.0 - self._gap * max(0, len(joined) - 1)) / drawn if drawn else 0.0
        self._lefts = [0.0]
        for start, end in joined:
            self._lefts.append(self._lefts[-1] + (end - start) * self._scale + self._gap)
        self._starts = [start for start, _ in joined]
        self.length_ns = joined[-1][1] - joined[0][0] if joined else 0

    def percent(self, unix_nano: int) -> float:
        """Where a moment lies; one within a pause lies at its begin."""
        at = max(0, bisect_right(self._starts, unix_nano) - 1)
        if not self._parts:
            return 0.0
        start, end = self._parts[at]
        inside = min(max(0, unix_nano - start), end - start)
        return round(min(100.0, self._lefts[at] + inside * self._scale), 3)

    def gaps(self) -> Iterator[LaneGap]:
        """The pauses that are drawn short."""
        for at in range(1, len(self._parts)):
            left = round(self._lefts[at] - self._gap, 3)
            yield LaneGap(left, round(self._gap, 3), self._parts[at][0] - self._parts[at - 1][1])


def build_lanes(rows: ConversationRows, traces: Sequence[TraceSteps], *, only_failures: bool) -> ConversationLanes:
    """The lanes of a page of the conversation, those of agents in the order in which they first did something."""
    times = [(row.start_unix_nano, row.end_unix_nano) for row in rows.traces]
    times += [(one.start_unix_nano, one.start_unix_nano) for one in rows.traceless]
    axis = TimeMap(times)
    found = [step for trace in traces for step in _steps(trace)]
    wanted = [step for step in found if not only_failures or step.status in FAILED or step.is_in_loop]
    shown = sorted(sorted(wanted, key=_weight)[:STEPS_MAX], key=lambda step: step.start_unix_nano)
    names = list(dict.fromkeys(step.lane for step in sorted(found, key=lambda step: step.start_unix_nano)))
    kept = names if len(names) <= LANES_MAX else [*names[: LANES_MAX - 1], OTHERS]
    lanes = []
    for name in kept:
        own = [step for step in shown if step.lane == name or (name == OTHERS and step.lane not in kept)]
        errors, softs = (sum(step.status == status for step in own) for status in ("error", "soft_error"))
        lanes.append(Lane(name, tuple(_drawn(step, axis) for step in own), errors, softs))
    return ConversationLanes(
        lanes=tuple(lanes),
        gaps=tuple(axis.gaps()),
        begins=tuple(
            LaneMark(axis.percent(trace.row.start_unix_nano), str(number), "plain", f"#part-{number}")
            for number, trace in enumerate(traces, start=rows.offset + 1)
        ),
        signals=tuple(_signals(rows, axis)),
        length_ns=axis.length_ns,
        shown=len(shown),
        step_count=len(wanted),
    )


def _steps(trace: TraceSteps) -> Iterator[_Placed]:
    row = trace.row
    if trace.tree is None:
        status = "error" if row.error_count else "soft_error" if row.soft_error_count else ""
        lane = row.agents[0] if row.agents else row.service_name or "no agent"
        words = f"{row.span_count:,} spans, {duration(row.end_unix_nano - row.start_unix_nano)}"
        yield _Placed(
            lane, "trace", status, trace.path, words, row.start_unix_nano, row.end_unix_nano, bool(row.loop_count)
        )
        return
    tree = trace.tree
    lanes: list[str] = []
    for step in tree.rows:
        above = lanes[step.parent_index] if step.parent_index >= 0 else row.service_name or "no agent"
        lanes.append(step.name if step.type == "agent" else above)
        if step.type in _LANE_KINDS:
            yield _placed(step, lanes[-1], tree, row)


def _placed(step: TreeStep, lane: str, tree: TraceTree, row: TraceRow) -> _Placed:
    start, end = step.start_unix_nano, step.end_unix_nano or row.end_unix_nano
    if not start:  # a call without a span was asked for at the end of the model call above it
        above = tree.rows[step.parent_index] if step.parent_index >= 0 else None
        start = end = above.end_unix_nano if above is not None and above.end_unix_nano else row.end_unix_nano
    took = "" if not step.has_span else f", {duration(step.duration_ns)}"
    outcome = f": {step.outcome}" if step.status in FAILED and step.outcome else ""
    words = f"{step.type} {step.name}{took}{outcome}"
    return _Placed(lane, step.type, step.status, tree.url_of(step) or tree.path, words, start, end, bool(step.loop_id))


def _weight(step: _Placed) -> tuple[bool, bool, int]:
    """What is kept first where not all can be drawn: failures, loops, what took long."""
    return step.status not in FAILED, not step.is_in_loop, step.start_unix_nano - step.end_unix_nano


def _drawn(step: _Placed, axis: TimeMap) -> LaneStep:
    left, right = axis.percent(step.start_unix_nano), axis.percent(max(step.start_unix_nano, step.end_unix_nano))
    width = max(round(right - left, 3), WIDTH_PERCENT_MIN)
    left = min(left, 100.0 - width)
    return LaneStep(step.kind, step.status, step.url, step.words, left, width, step.is_in_loop)


def _signals(rows: ConversationRows, axis: TimeMap) -> Iterator[LaneMark]:
    """The application's feedback at the time of its interaction; one's own signals at the span that shows them."""
    feedback = feedback_by_event(rows.feedback)
    for one in (*rows.interactions, *rows.traceless):
        for said in interaction_view(one, feedback.get(one.event_id, ())).feedback:
            words = f"{said.name}: {said.detail}" if said.detail else said.name
            yield LaneMark(axis.percent(one.start_unix_nano), words, said.tone, f"#event-{one.event_id}")
    for seen in rows.matches:
        words = f"{seen.name} in the {seen.side}: {seen.excerpt}"
        url = trace_url(seen.trace_id, seen.span_id)
        yield LaneMark(axis.percent(seen.start_unix_nano), words, _TONES.get(seen.sentiment, "plain"), url)
