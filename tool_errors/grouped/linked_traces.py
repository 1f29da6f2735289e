"""Which traces belong together: the groups that `settle_conversation` looks at.

By conversation id; by a tool call that one trace asks for and another answers (where only the model's client is
instrumented, each LLM call is a trace of its own), also where the tool runs in a trace that holds nothing else; by a
model call that both tell; and by span links. A pure function of the traces and their links: the order in which they
came makes no difference.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tool_errors.calls.tool_spans import holds_object
from tool_errors.findings import OPEN, DerivedTrace, ToolCall
from tool_errors.grouped.groups import Groups
from tool_errors.grouped.told_twice import telling_pairs

ANSWER_WINDOW_NS = 24 * 3600 * 1_000_000_000  # an answer that comes later is not looked for in another trace
LINKED_TRACES_MAX = 100  # a trace that is linked with more others collects work of many: such links join nothing

CallName = tuple[str, ...] | tuple[str, str, bytes]


def linked_traces(
    traces: Sequence[DerivedTrace], links: Iterable[tuple[bytes, bytes]] = ()
) -> list[list[DerivedTrace]]:
    """The traces in groups, each by time; `links` are pairs of trace ids of which one has a span link to the other."""
    ordered = sorted(traces, key=lambda trace: (trace.start_unix_nano, trace.trace_id))
    groups = Groups(range(len(ordered)))
    by_conversation: dict[str, int] = {}
    for index, trace in enumerate(ordered):
        if trace.conversation_id is not None:
            groups.join(by_conversation.setdefault(trace.conversation_id, index), index)
    _join_by_calls(ordered, groups)
    _join_by_links(ordered, links, groups)
    for one, other in telling_pairs(ordered):
        groups.join(one, other)
    return [[ordered[index] for index in group] for group in groups.all()]


def call_names(trace: DerivedTrace, call: ToolCall) -> list[CallName]:
    """What a call is known by in another trace, the surest first: its id; without one, the same arguments for the same
    question of the user."""
    names: list[CallName] = []
    if call.call_id is not None:
        names.append((call.name, call.call_id))
    if call.span_id is None and call.arguments is not None and trace.input_preview:
        names.append((call.name, trace.input_preview, call.arguments.digest))
    return names


def asked_names(trace: DerivedTrace, call: ToolCall) -> list[CallName]:
    """What an answer to this call is looked for by: the surest of its names, and its id alone, which is all that some
    libraries tell of an answer."""
    names = call_names(trace, call)[:1]
    return names if call.call_id is None else [*names, ("", call.call_id)]


def may_belong_to_group(trace: DerivedTrace) -> bool:
    """Whether another trace could ask for, answer or tell a call of this one, or share its conversation."""
    if trace.conversation_id is not None or any(call.response_key is not None for call in trace.llm_calls):
        return True
    return any(
        ((call.verdict.status in OPEN or call.asked_by is None) and call_names(trace, call)) or is_lone(trace, call)
        for call in trace.tool_calls
    )


def is_lone(trace: DerivedTrace, call: ToolCall) -> bool:
    """Whether the span of a tool stands in a trace that tells neither who asked for it nor its call id."""
    if call.span_id is None or call.call_id is not None or call.asked_by is not None:
        return False
    return not trace.input_preview and not trace.llm_calls and holds_object(call.arguments)


def tells_of_ai(trace: DerivedTrace) -> bool:
    """Whether the trace is a step of an agent: only such traces are joined by span links."""
    return bool(trace.conversation_id or trace.models or trace.tools or trace.agents)


def _join_by_calls(ordered: Sequence[DerivedTrace], groups: Groups) -> None:
    """An answer belongs to the latest trace before it that asked, in the last 24 hours.

    Some models count their call ids from zero. So the two must not answer different questions of the user, nor belong
    to different conversations. The span of a tool that is a trace by itself belongs to the latest trace of its service
    that asked with equal arguments.
    """
    asked: dict[tuple[CallName, str | None], tuple[int, int]] = {}
    asked_with: dict[tuple[str, bytes], tuple[int, int]] = {}
    for index, trace in enumerate(ordered):
        for call in in_order(trace):
            names = call_names(trace, call)
            if call.verdict.status in OPEN:
                for name in asked_names(trace, call):
                    asked[name, None] = asked[name, trace.input_preview or ""] = (index, call.start_unix_nano)
                if call.span_id is None and call.arguments is not None:
                    asked_with[trace.service_name, call.arguments.digest] = (index, call.start_unix_nano)
            elif call.asked_by is None:
                questions = (trace.input_preview, "") if trace.input_preview else (None,)
                asking = [asked.get((name, question)) for name in names for question in questions]
                if is_lone(trace, call) and call.arguments is not None:
                    asking.append(asked_with.get((trace.service_name, call.arguments.digest)))
                for place, asked_at in filter(None, asking):
                    conversations = {ordered[place].conversation_id, trace.conversation_id} - {None}
                    if call.start_unix_nano - asked_at <= ANSWER_WINDOW_NS and len(conversations) < 2:
                        groups.join(place, index)


def _join_by_links(ordered: Sequence[DerivedTrace], links: Iterable[tuple[bytes, bytes]], groups: Groups) -> None:
    neighbours: dict[bytes, set[bytes]] = defaultdict(set)
    for one, other in links:
        if one != other:
            neighbours[one].add(other)
            neighbours[other].add(one)
    position = {
        trace.trace_id: index
        for index, trace in enumerate(ordered)
        if tells_of_ai(trace) and len(neighbours[trace.trace_id]) <= LINKED_TRACES_MAX
    }
    for trace_id, index in position.items():
        for other in neighbours[trace_id]:
            if other in position:
                groups.join(index, position[other])


def in_order(trace: DerivedTrace) -> list[ToolCall]:
    """The calls of a trace by time, then by key: an order that rows and fresh calls share."""
    return sorted(trace.tool_calls, key=lambda call: (call.start_unix_nano, call.call_key))
