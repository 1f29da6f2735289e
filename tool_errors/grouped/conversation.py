"""What only the traces of one conversation know together; see `linked_traces.py` for which belong together.

Where only the model's client is instrumented, each LLM call is a trace of its own: a tool call is asked for in one
and answered in the next, and a loop runs through many.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence

from tool_errors.calls.reports import with_fingerprint, with_reports
from tool_errors.derive import spent_by_span
from tool_errors.failure.recovery import recovered_calls
from tool_errors.findings import OPEN, DerivedTrace, LlmCallKey, Loop, ToolCall
from tool_errors.grouped.linked_traces import CallName, asked_names, call_names, in_order
from tool_errors.grouped.told_twice import told_elsewhere, without_told
from tool_errors.loop.asked_again import asked_again
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.loop.loops import DEFAULT_THRESHOLDS, find_loops
from tool_errors.steps import keys_in_loops, steps


def settle_conversation(
    traces: Sequence[DerivedTrace], *, thresholds: LoopThresholds = DEFAULT_THRESHOLDS
) -> list[DerivedTrace]:
    """The traces of one conversation, by time, each with what the others say about it.

    A call that another trace answers is told once, there, with the model call that asked for it. A failure that a later
    trace made good is recovered. A loop that runs through several traces is reported once, in the trace where it ended.
    A model call that two traces tell counts in one of them.
    """
    if len(traces) < 2:
        return list(traces)
    counted_as = told_elsewhere(traces)
    traces, askers = with_reports(traces, counted_as)
    elsewhere, repeated = _answered_elsewhere(traces)
    asked_as = {(answer.trace_id, answer.call_key): asked for asked, answer in elsewhere.values()}
    kept = [
        tuple(
            _as_asked(call, asked_as.get((call.trace_id, call.call_key)))
            for call in trace.tool_calls
            if (call.trace_id, call.call_key) not in elsewhere and (call.trace_id, call.call_key) not in repeated
        )
        for trace in traces
    ]
    calls = sorted((call for of_trace in kept for call in of_trace), key=_by_time)
    recovered = recovered_calls(calls)
    calls = [_told(call, recovered) for call in calls]
    tokens: dict[LlmCallKey, int] = {}
    costs: dict[LlmCallKey, int] = {}
    for trace in traces:
        of_trace, of_trace_usd = spent_by_span(trace.trace_id, trace.llm_calls)
        tokens |= of_trace
        costs |= of_trace_usd
    loops: dict[bytes, list[Loop]] = defaultdict(list)
    live = any(trace.live for trace in traces)
    askers |= {
        (answer.trace_id, answer.call_key): (asked.trace_id, asked.asked_by)
        for asked, answer in elsewhere.values()
        if asked.asked_by is not None
    }
    for loop in find_loops(calls, tokens, live=live, thresholds=thresholds, costs_nano_usd=costs, askers=askers):
        loops[loop.trace_id].append(loop)
    told_in = {call: counted[0] for call, counted in counted_as.items()}
    again, looped = asked_again(traces), keys_in_loops(loop for found in loops.values() for loop in found)
    return [
        dataclasses.replace(
            without_told(trace, told_in),
            tool_calls=(told := tuple(_asked_in(_told(call, recovered), askers) for call in of_trace)),
            loops=tuple(loops[trace.trace_id]),
            steps=steps(trace.llm_calls, told, looped[trace.trace_id]),
            asked_again=again.get(trace.trace_id),
        )
        for trace, of_trace in zip(traces, kept, strict=True)
    ]


def _told(call: ToolCall, recovered: frozenset[tuple[bytes, str]]) -> ToolCall:
    is_recovered = (call.trace_id, call.call_key) in recovered
    return call if call.recovered == is_recovered else dataclasses.replace(call, recovered=is_recovered)


def _as_asked(call: ToolCall, asked: ToolCall | None) -> ToolCall:
    """The answer with what only its request tells: a name, arguments, where these break the tool's schema."""
    if asked is None:
        return call
    told = dataclasses.replace(call, violations=call.violations or asked.violations)
    if call.name:
        return told
    return with_fingerprint(dataclasses.replace(told, name=asked.name, arguments=call.arguments or asked.arguments))


def _asked_in(call: ToolCall, askers: Mapping[tuple[bytes, str], LlmCallKey]) -> ToolCall:
    """The call with who asked for it in another trace. Only for those who read it: what is found above names a model
    call within the trace of the tool call."""
    asker = askers.get((call.trace_id, call.call_key))
    return call if asker is None else dataclasses.replace(call, asked_in=asker[0], asked_by=asker[1])


def _by_time(call: ToolCall) -> tuple[int, bytes, str]:
    return call.start_unix_nano, call.trace_id, call.call_key


def _answered_elsewhere(
    traces: Sequence[DerivedTrace],
) -> tuple[dict[tuple[bytes, str], tuple[ToolCall, ToolCall]], set[tuple[bytes, str]]]:
    """The calls that are unanswered in their own trace, by trace id and key, each with its answer in a later one; and
    answers without a name that only repeat such an answer, as part of the history that a later model call was given."""
    asked: dict[CallName, list[ToolCall]] = defaultdict(list)
    found: dict[tuple[bytes, str], tuple[ToolCall, ToolCall]] = {}
    answers: set[tuple[bytes, str]] = set()
    answered: set[CallName] = set()
    repeated: set[tuple[bytes, str]] = set()
    for trace in traces:
        for call in in_order(trace):
            names = call_names(trace, call)
            if call.verdict.status in OPEN:
                for name in asked_names(trace, call):
                    asked[name].append(call)
            elif call.asked_by is None:
                for name in names:
                    for earlier in asked.pop(name, ()):
                        if (earlier.trace_id, earlier.call_key) not in found:
                            found[earlier.trace_id, earlier.call_key] = (earlier, call)
                            answers.add((call.trace_id, call.call_key))
                            answered.add(("", earlier.call_id or ""))
                if not call.name and answered.intersection(names) and (call.trace_id, call.call_key) not in answers:
                    repeated.add((call.trace_id, call.call_key))
    return found, repeated
