"""Traces that belong together: what one trace alone cannot know.

Where only the model's client is instrumented, each LLM call is a trace of its own: a tool call is asked for in one
and answered in the next, and a loop runs through many.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from tool_errors.findings import DerivedTrace, Loop, ToolCall
from tool_errors.groups import Groups
from tool_errors.loops import LlmCallKey, find_loops
from tool_errors.reports import with_reports

_Key = tuple[str, ...] | tuple[str, str, bytes]


def linked_traces(traces: Sequence[DerivedTrace]) -> list[list[DerivedTrace]]:
    """Traces of one conversation, or of which one answers a call that the other asked for; each group by time."""
    ordered = sorted(traces, key=lambda trace: (trace.start_unix_nano, trace.trace_id))
    groups = Groups(range(len(ordered)))
    by_conversation: dict[str, int] = {}
    asked: dict[_Key, int] = {}
    for index, trace in enumerate(ordered):
        if trace.conversation_id is not None:
            groups.join(by_conversation.setdefault(trace.conversation_id, index), index)
        for call in trace.tool_calls:
            if call.verdict.status == "unanswered":
                asked.update((key, index) for key in _keys(trace, call)[:1])
            elif call.asked_by is None:
                for key in _keys(trace, call):
                    if key in asked:
                        groups.join(asked[key], index)
    return [[ordered[index] for index in group] for group in groups.all()]


def settle_conversation(traces: Sequence[DerivedTrace]) -> list[DerivedTrace]:
    """The traces of one conversation, by time, each with what the others say about it.

    A call that another trace answers is told once, there. A loop that runs through several traces is reported once,
    in the trace where it ended.
    """
    if len(traces) < 2:
        return list(traces)
    traces = with_reports(traces)
    elsewhere = _answered_elsewhere(traces)
    kept = [
        tuple(call for call in trace.tool_calls if (call.trace_id, call.call_key) not in elsewhere) for trace in traces
    ]
    calls = sorted((call for of_trace in kept for call in of_trace), key=lambda call: call.start_unix_nano)
    tokens: dict[LlmCallKey, int] = {
        (trace.trace_id, call.span_id): (call.input_tokens or 0) + (call.output_tokens or 0)
        for trace in traces
        for call in trace.llm_calls
    }
    loops: dict[bytes, list[Loop]] = defaultdict(list)
    for loop in find_loops(calls, tokens, live=any(trace.live for trace in traces)):
        loops[loop.trace_id].append(loop)
    return [
        dataclasses.replace(trace, tool_calls=of_trace, loops=tuple(loops[trace.trace_id]))
        for trace, of_trace in zip(traces, kept, strict=True)
    ]


def _answered_elsewhere(traces: Sequence[DerivedTrace]) -> set[tuple[bytes, str]]:
    """Trace id and key of the calls that are unanswered in their own trace and answered in a later one."""
    asked: dict[_Key, list[ToolCall]] = defaultdict(list)
    found: set[tuple[bytes, str]] = set()
    for trace in traces:
        for call in trace.tool_calls:
            if call.verdict.status == "unanswered":
                for key in _keys(trace, call)[:1]:
                    asked[key].append(call)
            elif call.asked_by is None:
                for key in _keys(trace, call):
                    found.update((earlier.trace_id, earlier.call_key) for earlier in asked.pop(key, ()))
    return found


def _keys(trace: DerivedTrace, call: ToolCall) -> list[_Key]:
    """What a call is known by in another trace, the surest first: its id; without one, the same arguments for the same
    question of the user."""
    keys: list[_Key] = []
    if call.call_id is not None:
        keys.append((call.name, call.call_id))
    if call.span_id is None and call.arguments is not None and trace.input:
        keys.append((call.name, trace.input, call.arguments.digest))
    return keys
