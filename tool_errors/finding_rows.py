"""Findings: what went wrong in a trace, from the rows that are derived of it.

A call is one finding: where it failed or got no answer, arguments that break its schema are the likely cause of that.
Made of rows, not of spans: the step that derives a trace and the one that settles a group of traces both end here.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from tool_errors.findings import SchemaViolation
from tool_errors.schema.schema_violations import telling, violation_fingerprint, violation_title, violations_read
from trace_store.derived_rows import LoopRow, ToolCallRow, TraceRow
from trace_store.finding_rows import FindingRow

TITLE_CHARS_MAX = 300
KINDS = {"error": "tool_error", "soft_error": "soft_error", "unanswered": "unanswered"}  # by status of the call
STATUS_OF_KIND = {kind: status for status, kind in KINDS.items()}


def findings_of_rows(
    traces: Iterable[TraceRow], calls: Iterable[ToolCallRow], loops: Iterable[LoopRow]
) -> list[FindingRow]:
    """The findings of traces, from all their rows of the three tables; each of one trace once, whatever the order."""
    calls_of: dict[tuple[int, bytes], list[ToolCallRow]] = defaultdict(list)
    loops_of: dict[tuple[int, bytes], list[LoopRow]] = defaultdict(list)
    for call in calls:
        calls_of[call.project_id, call.trace_id].append(call)
    for loop in loops:
        loops_of[loop.project_id, loop.trace_id].append(loop)
    return [
        finding
        for trace in traces
        for key in [(trace.project_id, trace.trace_id)]
        for finding in _of_trace(trace, calls_of[key], loops_of[key])
    ]


def _of_trace(trace: TraceRow, calls: Sequence[ToolCallRow], loops: Sequence[LoopRow]) -> Iterator[FindingRow]:
    """Calls that another trace of the group tells are left to that one; so are errors that only climbed up."""
    for row in calls:
        call = row.settled
        if call is not None and (kind := call_kind(call)):
            yield _of_call(trace, call, kind)
    for loop in loops:
        yield _of_loop(trace, loop)


def call_kind(call: ToolCallRow) -> str:
    """The kind of finding that a call is; "" for one that is none. An error that only climbed up counts elsewhere."""
    if call.propagated_from is not None:
        return ""
    return KINDS.get(call.status) or ("schema_violation" if call.status == "ok" and told_violations(call) else "")


def call_fingerprint(call: ToolCallRow) -> str:
    """The issue that a call belongs to, if it is a finding."""
    if call.fingerprint:
        return call.fingerprint
    violations = told_violations(call) if call.status == "ok" else ()
    return violation_fingerprint(call.name, violations[0]) if violations else unanswered_fingerprint(call.name)


def told_violations(call: ToolCallRow) -> tuple[SchemaViolation, ...]:
    """What of a call's arguments breaks its schema, as far as it is worth telling; the most telling first."""
    found = violations_read(call.violations or ())
    return telling(found, call.status, call.error_type or "", call.error_message or "")


def _of_call(trace: TraceRow, call: ToolCallRow, kind: str) -> FindingRow:
    if kind == "schema_violation":
        title = violation_title(told_violations(call)[0])
    elif kind == "unanswered":
        title = f"{call.name} was asked for and never answered"
    else:
        title = ": ".join(part for part in (call.error_type, call.error_message) if part) or f"{call.name} failed"
    return FindingRow(
        project_id=trace.project_id,
        trace_id=trace.trace_id,
        finding_key=call_finding_key(call),
        kind=kind,
        fingerprint=call_fingerprint(call),
        tool=call.name,
        title=_title(title),
        span_id=call.span_id or (call.asked_by if call.asked_in is None else None),
        start_unix_nano=call.start_unix_nano,
        end_unix_nano=call.end_unix_nano,
        is_recovered=call.recovered,
        user_id=trace.user_id,
        conversation_id=trace.conversation_id,
        interaction_id=call.interaction_id or next(iter(trace.interaction_ids), None),
        release=trace.release,
        environment=trace.environment or "",
    )


def _of_loop(trace: TraceRow, loop: LoopRow) -> FindingRow:
    tools = ", ".join(loop.tools)
    return FindingRow(
        project_id=trace.project_id,
        trace_id=trace.trace_id,
        finding_key=loop_finding_key(loop),
        kind="loop",
        fingerprint=loop.fingerprint,
        tool=tools,
        title=_title(f"{tools} again and again, {loop.iterations} times, {loop.failures} of them failed"),
        span_id=None,
        start_unix_nano=loop.start_unix_nano,
        end_unix_nano=loop.end_unix_nano,
        is_recovered=loop.ended == "success",
        user_id=trace.user_id,
        conversation_id=trace.conversation_id,
        interaction_id=next(iter(trace.interaction_ids), None),
        release=trace.release,
        environment=trace.environment or "",
    )


def call_finding_key(call: ToolCallRow) -> str:
    """The key of the finding that a failed call is, in its trace; the same whenever it is derived."""
    return f"call:{call.call_key}"


def loop_finding_key(loop: LoopRow) -> str:
    """The key of the finding that a loop is, in its trace."""
    return f"loop:{loop.loop_id}"


def loops_not_in(dismissed: Collection[tuple[int, bytes, str]], loops: Iterable[LoopRow]) -> list[LoopRow]:
    """The loops that nobody said are none; `dismissed` are findings by project, trace and key."""
    return [loop for loop in loops if (loop.project_id, loop.trace_id, loop_finding_key(loop)) not in dismissed]


def unanswered_fingerprint(tool: str) -> str:
    """What groups the calls of a tool that nobody answered."""
    return hashlib.sha256(f"unanswered\0{tool}".encode("utf-8", "replace")).hexdigest()[:16]


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARS_MAX else line[: TITLE_CHARS_MAX - 1] + "…"
