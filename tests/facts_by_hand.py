"""A trace written by hand: spans with their judged facts, for tests of assembly, judgement and derivation."""

from dataclasses import dataclass, field
from typing import Any

from tool_errors.derive import derive
from tool_errors.findings import DerivedTrace
from tool_errors.judged import JudgedFacts, judge_facts
from trace_store.assembly import SpanNode, version_of
from trace_store.attributes import payload
from trace_store.facts import AnsweredCall, Failure, RequestedCall, SpanFacts, SpanType

TRACE_ID = bytes(range(1, 17))
SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND


def span_id(number: int) -> bytes:
    return number.to_bytes(8, "big") if number else b""


def node(number: int, parent: int = 0, start: float = 0, end: float = 1, **more: Any) -> SpanNode:
    """A span; times are seconds after START."""
    start_unix_nano, end_unix_nano = START + int(start * SECOND), START + int(end * SECOND)
    return SpanNode(TRACE_ID, span_id(number), span_id(parent), start_unix_nano, end_unix_nano, f"s{number}", **more)


def asked(call_id: str, name: str, arguments: Any = None) -> RequestedCall:
    return RequestedCall(call_id, name, None if arguments is None else payload(arguments))


def answered(
    call_id: str, name: str, result: Any, arguments: Any = None, failure: Failure | None = None
) -> AnsweredCall:
    return AnsweredCall(call_id, name, payload(result), None if arguments is None else payload(arguments), failure)


@dataclass
class TraceByHand:
    """Spans are numbered from 1 and follow each other, one second each, unless told otherwise."""

    nodes: list[SpanNode] = field(default_factory=list)
    judged: list[JudgedFacts] = field(default_factory=list)

    def add(
        self, type_: SpanType, parent: int = 0, *, start: float | None = None, end: float | None = None, **facts: Any
    ) -> int:
        """Add a claimed span; `arguments` and `result` are plain values, None unknown. Returns its number."""
        number = len(self.nodes) + 1
        start = float(number) if start is None else start
        added = node(number, parent, start, start + 1 if end is None else end)
        for key in ("arguments", "result"):
            if facts.get(key) is not None:
                facts[key] = payload(facts[key])
        self.nodes.append(added)
        self.judged.append(
            judge_facts(
                SpanFacts(
                    added.trace_id,
                    added.span_id,
                    added.parent_span_id,
                    added.start_unix_nano,
                    added.end_unix_nano,
                    added.name,
                    2 if "failure" in facts else 0,
                    type_,
                    "by_hand",
                    **facts,
                ),
                version_of(added),
            )
        )
        return number

    def failing_tool(self, name: str, arguments: Any, message: str, parent: int = 0, **more: Any) -> int:
        failure = Failure("exception_event", "events[0].exception.message", "ValueError", message)
        return self.add("tool", parent, tool_name=name, arguments=arguments, failure=failure, **more)

    def derive(self, *, live: bool = False) -> DerivedTrace:
        return derive(self.nodes, self.judged, live=live)
