"""Tool calls that have a span: nested spans of one call (client and server, framework and decorator) are one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tool_errors.calls.llm_calls import end_of
from tool_errors.calls.told_apart import join_told_apart
from tool_errors.calls.tool_names import same_tool
from tool_errors.failure.status import most_telling
from tool_errors.findings import FAILED, SchemaViolation, Verdict
from tool_errors.grouped.groups import Groups
from tool_errors.judged import JudgedFacts
from tool_errors.trace_view import TraceView
from trace_store.assembly import NO_PARENT
from trace_store.facts import Payload

_LOOK_BACK_MAX = 64


class SpanCall(NamedTuple):
    """One call as its spans tell it."""

    rows: tuple[int, ...]  # outermost first
    span_ids: tuple[bytes, ...]
    call_id: str  # "" when no span carries one
    name: str
    arguments: Payload | None
    result: Payload | None
    verdict: Verdict
    start_unix_nano: int
    end_unix_nano: int  # 0: still running
    interaction_id: str | None
    violations: tuple[SchemaViolation, ...]  # of the schema that a span says itself


def span_calls(view: TraceView, *, live: bool) -> list[SpanCall]:
    """The calls that tool spans report, by start time."""
    members = [index for index in range(len(view.rows)) if view.is_tool(index)]
    groups = Groups(members)
    for index in members:
        above = view.boundary[index]
        if above != NO_PARENT and view.is_tool(above) and _same_call(view, above, index):
            groups.join(above, index)
    _join_logged(view, members, groups)
    _join_beside(view, members, groups)
    join_told_apart(view, _alike(view, members), groups)
    calls = [_span_call(view, rows, live=live) for rows in groups.all()]
    calls.sort(key=lambda call: (call.start_unix_nano, call.rows[0]))
    return calls


def _join_logged(view: TraceView, members: list[int], groups: Groups) -> None:
    """A log record and the span that has its call id tell of one call, wherever in the trace the record was written.

    So do a record without an id and the nearest span of that tool beside it, if they overlap in time.
    """
    spans: dict[str, int] = {}
    beside: dict[int, list[int]] = defaultdict(list)
    logged: list[tuple[str, int]] = []
    for index in members:
        facts = view.facts(index)
        if facts is None:
            continue
        if not facts.from_log:
            beside[view.rows[index].parent_index].append(index)
            if facts.tool_call_id:
                spans.setdefault(facts.tool_call_id, index)
        else:
            logged.append((facts.tool_call_id or "", index))
    for call_id, index in logged:
        if not call_id:
            _join_nearest(view, index, beside[view.rows[index].parent_index], groups)
        elif call_id in spans:
            groups.join(spans[call_id], index)


def _join_nearest(view: TraceView, record: int, spans: list[int], groups: Groups) -> None:
    """A record is written when its call has ended: the span that ends nearest; no other record takes that span."""
    row, facts = view.rows[record], view.facts(record)
    fitting = [
        index
        for index in spans[:_LOOK_BACK_MAX]
        if (told := view.facts(index)) is not None
        and facts is not None
        and same_tool(told.tool_name or "", facts.tool_name or "")
        and not (holds_object(told.arguments) and holds_object(facts.arguments) and told.arguments != facts.arguments)
        and view.rows[index].start_unix_nano <= row.end_unix_nano
        and row.start_unix_nano <= end_of(view.rows[index].start_unix_nano, view.rows[index].end_unix_nano)
    ]
    if fitting:
        nearest = min(fitting, key=lambda index: (abs(view.rows[index].end_unix_nano - row.end_unix_nano), index))
        groups.join(nearest, record)
        spans.remove(nearest)


def _join_beside(view: TraceView, members: list[int], groups: Groups) -> None:
    """A framework's span and, beside it under the same parent, the span of a client or server that carried it out.

    These are of different dialects and name one tool; the other has no call id of its own and lies within its time.
    """
    opened: dict[int, list[int]] = defaultdict(list)
    for index in members:  # by start time
        parent = view.rows[index].parent_index
        facts = view.facts(index)
        if parent == NO_PARENT or facts is None:
            continue
        outer = next((other for other in opened[parent][-_LOOK_BACK_MAX:] if _carries(view, other, index)), None)
        if outer is not None:
            groups.join(outer, index)
            opened[parent].remove(outer)
        elif facts.tool_call_id:
            opened[parent].append(index)


def _alike(view: TraceView, members: list[int]) -> Iterable[Sequence[int]]:
    """The rows that name one tool with equal arguments."""
    told: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    for index in members:
        facts = view.facts(index)
        if facts is not None and facts.tool_name and facts.arguments is not None and holds_object(facts.arguments):
            told[facts.tool_name, facts.arguments.digest].append(index)
    return told.values()


def _carries(view: TraceView, outer: int, inner: int) -> bool:
    first, second = view.facts(outer), view.facts(inner)
    if first is None or second is None or first.dialect == second.dialect or second.tool_call_id:
        return False
    if not (first.tool_name and second.tool_name and same_tool(first.tool_name, second.tool_name)):
        return False
    if holds_object(second.arguments) and second.arguments != first.arguments:
        return False
    around, within = view.rows[outer], view.rows[inner]
    return end_of(within.start_unix_nano, within.end_unix_nano) <= end_of(around.start_unix_nano, around.end_unix_nano)


def holds_object(payload: Payload | None) -> bool:
    """Whether a payload is an object with fields, told from its preview alone."""
    return payload is not None and payload.preview.startswith("{") and payload.preview != "{}"


def _same_call(view: TraceView, outer: int, inner: int) -> bool:
    first, second = view.facts(outer), view.facts(inner)
    if first is None or second is None:
        return False
    if first.tool_call_id and second.tool_call_id:
        return first.tool_call_id == second.tool_call_id
    return same_tool(first.tool_name or "", second.tool_name or "")


def _span_call(view: TraceView, rows: tuple[int, ...], *, live: bool) -> SpanCall:
    judged = [item for index in rows if (item := view.judged[index]) is not None]
    outer = view.rows[rows[0]]
    facts = [item.facts for item in judged]
    arguments = [fact.arguments for fact in facts if fact.arguments is not None]
    return SpanCall(
        rows=rows,
        span_ids=tuple(view.rows[index].span_id for index in rows),
        call_id=next((fact.tool_call_id for fact in facts if fact.tool_call_id), ""),
        name=next((fact.tool_name for fact in facts if fact.tool_name), "") or facts[0].name,
        arguments=next((item for item in arguments if holds_object(item)), arguments[0] if arguments else None),
        result=next((fact.result for fact in facts if fact.result is not None), None),
        verdict=_running(live=live) if _is_running(view, rows) else _verdict(view, rows, judged),
        start_unix_nano=outer.start_unix_nano,
        end_unix_nano=end_of(outer.start_unix_nano, outer.end_unix_nano) if outer.end_unix_nano else 0,
        interaction_id=view.identity[rows[-1]].interaction_id,
        violations=next((item.own_violations for item in judged if item.own_violations), ()),
    )


def _is_running(view: TraceView, rows: tuple[int, ...]) -> bool:
    """Whether the outermost span has neither ended nor said what became of the call."""
    facts = view.facts(rows[0])
    outer = view.rows[rows[0]]
    return outer.end_unix_nano == 0 and facts is not None and facts.result is None and facts.failure is None


def _running(*, live: bool) -> Verdict:
    if live:
        return Verdict("pending", "no_answer_yet", "span.end_time")
    return Verdict("unanswered", "no_answer", "span.end_time")


def _verdict(view: TraceView, rows: tuple[int, ...], judged: list[JudgedFacts]) -> Verdict:
    """The outermost span has the last word where it shows a good result; else any failure inside counts."""
    outer = judged[0]
    verdict = outer.verdict or Verdict("ok", "span_ended", "status")
    if verdict.status not in FAILED and outer.result_verdict is not None:
        return verdict
    latest: dict[int, JudgedFacts] = {}  # of several attempts at one depth only the last
    for index, item in zip(rows[1:], judged[1:], strict=True):
        latest[view.rows[index].depth] = item
    for item in latest.values():
        if item.verdict is not None:
            verdict = most_telling(verdict, item.verdict)
    return verdict
