"""Tool calls whose span stands in one trace, while the messages that tell of them stand in others.

Frameworks that pass messages through a runtime make a trace of each message (AutoGen): the span of the call knows
neither what was asked for nor what came out. Where two traces tell one call of a model (`grouped/told_twice.py`), both
may tell the tool calls that it asked for.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from tool_errors.calls.tool_spans import holds_object
from tool_errors.failure.fingerprint import fingerprint
from tool_errors.failure.status import most_telling
from tool_errors.findings import FAILED, DerivedTrace, LlmCallKey, ToolCall, Verdict
from trace_store.facts import Payload

_OPEN = ("pending", "unanswered")
CallName = tuple[bytes, str]  # trace id and key of a tool call


def with_reports(
    traces: Sequence[DerivedTrace], counted_as: Mapping[LlmCallKey, LlmCallKey]
) -> tuple[list[DerivedTrace], dict[CallName, LlmCallKey]]:
    """The traces of one conversation, in which calls without a span are told once, by the call with a span.

    Returns also which model call of another trace asked for such a call, where its own trace does not know.
    `counted_as` names for model calls that two traces tell the one that counts.

    A report belongs to a span of another trace by its call id and tool. Where several spans bear the id, nothing is
    said: some models count their ids from zero in each answer. For the same reason a call that its own trace asked
    for takes no report of other arguments, nor one that was asked for and answered elsewhere.
    """
    traces = _named(_asked_once(traces, counted_as))
    spans: dict[tuple[str, str], list[ToolCall]] = defaultdict(list)
    reports: dict[tuple[str, str], list[ToolCall]] = defaultdict(list)
    for call in chain.from_iterable(trace.tool_calls for trace in traces):
        if call.call_id is None:
            continue
        if call.span_id is None:
            reports[call.call_id, call.name].append(call)
        else:
            spans[call.call_id, call.name].append(call)
    told: dict[CallName, ToolCall | None] = {}
    askers: dict[CallName, LlmCallKey] = {}
    for key, found in reports.items():
        owners = spans.get(key, [])
        if len(owners) == 1 and all(_is_of(report, owners[0]) for report in found):
            told.update(((report.trace_id, report.call_key), None) for report in found)
            owner = (owners[0].trace_id, owners[0].call_key)
            told[owner] = _completed(owners[0], found)
            asker = next(((report.trace_id, report.asked_by) for report in found if report.asked_by is not None), None)
            if owners[0].asked_by is None and asker is not None:
                askers[owner] = asker
    if not told:
        return list(traces), askers
    return [dataclasses.replace(trace, tool_calls=_replaced(trace.tool_calls, told)) for trace in traces], askers


def _asked_once(traces: Sequence[DerivedTrace], counted_as: Mapping[LlmCallKey, LlmCallKey]) -> Sequence[DerivedTrace]:
    """The traces in which what one model call asked for is told once, where several traces tell that model call: by a
    call with a span, else in the trace where the model call counts."""
    if not counted_as:
        return traces
    doubled = {*counted_as, *counted_as.values()}
    tellings: dict[tuple[LlmCallKey, str, str], list[ToolCall]] = defaultdict(list)
    for call in chain.from_iterable(trace.tool_calls for trace in traces):
        if call.call_id is not None and call.asked_by is not None and (call.trace_id, call.asked_by) in doubled:
            asker = (call.trace_id, call.asked_by)
            tellings[counted_as.get(asker, asker), call.call_id, call.name].append(call)
    told: dict[CallName, ToolCall | None] = {}
    for (asker, *_), found in tellings.items():
        if len({call.trace_id for call in found}) == len(found) > 1:
            order = {call.trace_id: (call.span_id is None, call.trace_id != asker[0], call.trace_id) for call in found}
            owner, *others = sorted(found, key=lambda call: order[call.trace_id])
            told.update(((call.trace_id, call.call_key), None) for call in others)
            told[owner.trace_id, owner.call_key] = _completed(owner, others)
    if not told:
        return traces
    return [dataclasses.replace(trace, tool_calls=_replaced(trace.tool_calls, told)) for trace in traces]


def _named(traces: Sequence[DerivedTrace]) -> Sequence[DerivedTrace]:
    """The traces in which a call whose span tells no call id has the id it was asked for with, and the name where its
    span tells only the tool's class: those of the latest request with equal arguments that no span answers."""
    calls = sorted(chain.from_iterable(trace.tool_calls for trace in traces), key=lambda call: call.start_unix_nano)
    told = {call.name for call in calls if call.span_id is None}
    with_span = {call.call_id for call in calls if call.span_id is not None}
    own = {(call.name, call.arguments and call.arguments.digest) for call in calls if call.span_id and not call.call_id}
    open_requests: dict[bytes, list[ToolCall]] = defaultdict(list)
    found: dict[CallName, ToolCall | None] = {}
    for call in calls:
        if call.arguments is None or not holds_object(call.arguments):
            continue
        if call.span_id is None:
            if call.asked_by is not None and call.call_id and call.call_id not in with_span:
                open_requests[call.arguments.digest].append(call)
        elif told and call.call_id is None and call.asked_by is None:
            of_same = open_requests[call.arguments.digest]
            named = [
                request
                for request in of_same
                if request.name == call.name
                or (call.name not in told and (request.name, request.arguments and request.arguments.digest) not in own)
            ]
            if named and named[-1].trace_id != call.trace_id:
                request = named[-1]
                of_same.remove(request)
                key = (call.trace_id, call.call_key)
                found[key] = with_fingerprint(dataclasses.replace(call, name=request.name, call_id=request.call_id))
    if not found:
        return traces
    return [dataclasses.replace(trace, tool_calls=_replaced(trace.tool_calls, found)) for trace in traces]


def _is_of(report: ToolCall, owner: ToolCall) -> bool:
    """Whether what another trace tells is told of this call."""
    if report.trace_id == owner.trace_id:
        return False
    if owner.asked_by is None:
        return True
    told, known = report.arguments, owner.arguments
    if report.asked_by is not None and report.verdict.status not in _OPEN:
        return False
    return told is None or known is None or told.digest == known.digest


def _replaced(calls: Sequence[ToolCall], told: dict[CallName, ToolCall | None]) -> tuple[ToolCall, ...]:
    kept = (told.get((call.trace_id, call.call_key), call) for call in calls)
    return tuple(call for call in kept if call is not None)


def _completed(call: ToolCall, reports: Sequence[ToolCall]) -> ToolCall:
    """The call with what its span lacks; a failure that only the messages tell counts."""
    verdict = call.verdict
    for report in reports:
        if report.verdict.status not in _OPEN:
            verdict = most_telling(verdict, report.verdict)
    arguments = [call.arguments, *(report.arguments for report in reports)]
    results = [call.result, *(report.result for report in reports)]
    completed = dataclasses.replace(
        call,
        arguments=next((held for held in arguments if holds_object(held)), _first(arguments)),
        result=_first(results),
        verdict=verdict,
        violations=call.violations or next((report.violations for report in reports if report.violations), ()),
    )
    return completed if verdict.fingerprint else with_fingerprint(completed)


def with_fingerprint(call: ToolCall) -> ToolCall:
    """A failed call with the fingerprint of its name and its error."""
    told = call.verdict
    if told.status not in FAILED:
        return call
    mark = fingerprint(call.name, told.error_type, told.message)
    return dataclasses.replace(
        call, verdict=Verdict(told.status, told.rule, told.path, told.error_type, told.message, mark)
    )


def _first(payloads: Sequence[Payload | None]) -> Payload | None:
    return next((payload for payload in payloads if payload is not None), None)
