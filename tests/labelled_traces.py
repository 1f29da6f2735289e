"""The traces that a labelled run would leave behind: an agent, a model call per turn, and its tool calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.facts_by_hand import START, TraceByHand, answered, asked
from tests.labelled_loops import Case, Step, value_of
from tool_errors.derive import derive
from tool_errors.findings import DerivedTrace
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.grouped.linked_traces import linked_traces
from tool_errors.judged import from_row, to_row
from tool_errors.rows_read import tool_call
from tool_errors.table_rows import tool_call_row
from trace_store.facts import Failure

INPUT_TOKENS, OUTPUT_TOKENS = 100, 10  # of every model call


@dataclass
class _Call:
    """A step with its place in time."""

    number: int  # of the step in its case: its call id is "c" and this
    step: Step
    asked_s: float  # start of the model call that asked for it; -1: the same as the call before
    start_s: float
    end_s: float = 0.0
    below: list["_Call"] = field(default_factory=list)

    def arguments(self) -> Any:
        return None if self.step.arguments == "?" else value_of(self.step.arguments, self.step.repetition, self._now())

    def result(self) -> Any:
        return None if self.step.result == "?" else value_of(self.step.result, self.step.repetition, self._now())

    def failure(self) -> Failure | None:
        message = str(self.result())
        return Failure("exception_event", "events[0].exception.message", "", message) if self.step.failed else None

    def _now(self) -> str:
        return datetime.fromtimestamp(START // 10**9 + self.start_s, UTC).isoformat()


def derive_case(case: Case, *, read_back: bool = False, reverse: bool = False) -> list[DerivedTrace]:
    """What is derived of a case; from rows when `read_back`, with spans and facts in reverse order when `reverse`.

    Read back are the facts, and the calls before their traces are settled.
    """
    derived = []
    traces = _message_traces(case) if case.messages_only else _span_traces(case)
    for number, trace in enumerate(traces):
        trace_id = bytes([number + 1]) * 16
        nodes = [node._replace(trace_id=trace_id) for node in trace.nodes]
        judged = [from_row(to_row(item)) for item in trace.judged] if read_back else trace.judged
        if reverse:
            nodes, judged = nodes[::-1] + nodes, judged[::-1] + judged[:1]
        derived.append(derive(nodes, judged, live=case.live and number == len(traces) - 1))
        if read_back:
            calls = tuple(tool_call(tool_call_row(1, call)) for call in derived[-1].tool_calls)
            derived[-1] = replace(derived[-1], tool_calls=calls)
    linked = linked_traces(derived)
    assert len(linked) == 1, "the traces of a case belong to one conversation"
    return settle_conversation(linked[0])


def _scheduled(steps: Sequence[Step]) -> list[_Call]:
    """The outermost calls of one trace, by time, with those inside them."""
    top: list[_Call] = []
    open_calls: list[_Call] = []
    clock_s = 1.0
    for number, step in enumerate(steps):
        while len(open_calls) > step.depth:
            open_calls.pop().end_s = clock_s + 0.5
            clock_s += 0.5
        siblings = open_calls[-1].below if open_calls else top
        if step.side_by_side and siblings:
            start_s = siblings[-1].start_s
            call = _Call(number, step, -1, start_s)
        else:
            clock_s += step.after_s
            call = _Call(number, step, clock_s, clock_s + 1)
            start_s = clock_s + 1
        call.end_s = start_s + step.takes_s
        clock_s = max(clock_s, call.end_s)
        siblings.append(call)
        open_calls.append(call)
        if len(steps) > number + 1 and steps[number + 1].depth > step.depth:
            clock_s = call.start_s + 0.25
    while open_calls:
        call = open_calls.pop()
        call.end_s = max([call.end_s, *(inner.end_s + 0.5 for inner in call.below)])
    return top


def _span_traces(case: Case) -> list[TraceByHand]:
    numbers = sorted({step.trace for step in case.steps})
    traces, first, begin_s = [], 0, 0.0
    for number in numbers:
        steps = [step for step in case.steps if step.trace == number]
        calls = _scheduled(steps)
        users = list(dict.fromkeys(step.user for step in steps))
        end_s = max(call.end_s for call in calls) + 2
        writer = _SpanWriter(begin_s, first, interactions=len(users) > 1)
        root = writer.agent("main", 0, 0, end_s, input_text=users[0], conversation_id="c1")
        writer.write(calls, root)
        traces.append(writer.trace)
        first, begin_s = first + len(steps), begin_s + end_s + 10
    return traces


class _SpanWriter:
    """Writes scheduled calls as spans, an agent span for each agent that takes over."""

    def __init__(self, begin_s: float, first: int, *, interactions: bool) -> None:
        self.trace = TraceByHand()
        self._begin_s = begin_s
        self._first = first  # number of the first step of this trace in its case
        self._interactions = interactions

    def agent(self, name: str, parent: int, start_s: float, end_s: float, **facts: Any) -> int:
        start, end = self._begin_s + start_s, self._begin_s + end_s
        return self.trace.add("agent", parent, start=start, end=end, agent_name=name, **facts)

    def write(self, calls: list[_Call], parent: int) -> None:
        agent, agent_name = parent, ""
        for index, call in enumerate(calls):
            if call.step.agent != agent_name:
                agent_name, agent = call.step.agent, parent
                if agent_name:
                    of_agent = [later for later in calls[index:] if later.step.agent == agent_name]
                    agent = self.agent(agent_name, parent, call.start_s - 1.5, of_agent[0].end_s)
            self._call(call, calls[index:], agent)

    def _call(self, call: _Call, following: list[_Call], parent: int) -> None:
        owner = {"interaction_id": f"i-{call.step.user}"} if self._interactions else {}
        if call.asked_s >= 0:
            turn = [call]
            for later in following[1:]:
                if later.asked_s >= 0:
                    break
                turn.append(later)
            self.trace.add(
                "llm",
                parent,
                start=self._begin_s + call.asked_s,
                end=self._begin_s + call.asked_s + 0.9,
                model="m",
                input_tokens=INPUT_TOKENS,
                output_tokens=OUTPUT_TOKENS,
                requested_calls=tuple(asked(self._id(one), one.step.tool, one.arguments()) for one in turn),
                **owner,
            )
        facts: dict[str, Any] = {"tool_name": call.step.tool, "arguments": call.arguments()}
        facts["tool_call_id"] = self._id(call)
        if call.step.failed:
            facts["failure"] = call.failure()
        else:
            facts["result"] = call.result()
        start, end = self._begin_s + call.start_s, self._begin_s + call.end_s
        number = self.trace.add("tool", parent, start=start, end=end, **facts, **owner)
        self.write(call.below, number)

    def _id(self, call: _Call) -> str:
        return f"c{self._first + call.number}"


def _message_traces(case: Case) -> list[TraceByHand]:
    """Model calls alone: each is given the result of the call that the one before asked for."""
    calls = _scheduled(case.steps)
    traces = [TraceByHand()]
    for at in range(len(calls) + 1):
        facts: dict[str, Any] = {}
        if at:
            before = calls[at - 1]
            answer = answered(f"c{before.number}", before.step.tool, before.result(), before.arguments())
            facts["answered_calls"] = (replace(answer, failure=before.failure()),)
        if at < len(calls):
            call = calls[at]
            facts["requested_calls"] = (asked(f"c{call.number}", call.step.tool, call.arguments()),)
        if case.trace_per_call and at:
            traces.append(TraceByHand())
        start = calls[at].asked_s if at < len(calls) else calls[-1].end_s + 1
        traces[-1].add(
            "llm",
            start=start,
            end=start + 0.9,
            model="m",
            input_text=case.steps[0].user,
            conversation_id="c1",
            input_tokens=INPUT_TOKENS,
            output_tokens=OUTPUT_TOKENS,
            **facts,
        )
    return traces
