"""python -m tests.benchmarks.normalise: microseconds to normalise a span, per dialect, beside reading it from bytes.

The spans are the captures of tests/fixtures/dialects. The budget of a claimed span is 25 us + 10 us per KB of its
messages (`KB/span`: not of the whole span, which has about twice as much), that of one that no dialect claims 2 us.
CPU time of the best of several rounds counts: a busy machine only adds time. Each round begins without remembered
histories; `not parsed again` is the share of the message text that was recognised as the history of an earlier call.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tests.dialect_captures import CAPTURES, request_files, scenarios
from tests.spans_by_hand import span
from trace_store.attributes import RECENT_TEXTS, canonical_json
from trace_store.dialects import BUILT_IN, normalise
from trace_store.dialects.dialect import Field
from trace_store.dialects.haystack import known_message, known_run
from trace_store.dialects.history import HISTORIES
from trace_store.model import Span
from trace_store.spans import Scope, read_resource, read_scope, read_span

UNCLAIMED_ATTRIBUTES: Mapping[str, Any] = {
    "http.request.method": "POST",
    "http.route": "/v1/orders/{id}",
    "http.response.status_code": 200,
    "url.path": "/v1/orders/7",
    "server.address": "orders.internal",
    "server.port": 443,
    "network.protocol.version": "1.1",
    "user_agent.original": "curl/8",
    "client.address": "10.0.0.7",
    "thread.name": "worker-3",
}
UNCLAIMED_BUDGET_US = 2.0
SPANS_MIN = 100
MESSAGE_FIELDS: tuple[Field, ...] = (
    *("input", "output", "input_messages", "output_messages", "output_text", "output_calls", "events", "request"),
    *("arguments", "result", "tool_definitions", "tool_schema", "tool_description"),
)


@dataclass(frozen=True)
class Stored:
    """A span as the store has it."""

    otlp: bytes
    resource: Mapping[str, Any]
    scope: Scope


def stored_spans(capture: Path) -> list[Stored]:
    """The spans of a capture."""
    spans: list[Stored] = []
    for path in request_files(capture):
        for decoded in decode_file(path.read_bytes()):
            if isinstance(decoded, DecodedTraces):
                spans += [
                    Stored(s.otlp, read_resource(s.resource.otlp), read_scope(s.scope.otlp)) for s in decoded.spans
                ]
    return spans


def best_us(work: Callable[[], object], count: int, rounds: int) -> float:
    """Microseconds for one of `count` pieces of the work."""
    return min(_seconds(work) for _ in range(rounds)) / count * 1e6


def _seconds(work: Callable[[], object]) -> float:
    HISTORIES.clear()  # what a processor would not know of spans that it meets for the first time
    RECENT_TEXTS.clear()
    known_message.cache_clear()
    known_run.cache_clear()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def reused_share() -> float:
    """The share of message text that the last round did not parse again."""
    seen = HISTORIES.reused_chars + HISTORIES.parsed_chars
    return HISTORIES.reused_chars / seen if seen else 0.0


def message_bytes(span: Span) -> int:
    """What counts as messages in the budget: values that hold messages, arguments, results, texts and definitions."""
    told = BUILT_IN.explain(span)
    if told is None:
        return 0
    reading = told[1]
    flat = (*reading.layout.flat_input, *reading.layout.flat_output, *reading.layout.flat_tools)
    keys = {key for field in MESSAGE_FIELDS for key in reading.fields.get(field, ())}
    keys |= {key for message in flat for _, key in message.parts}
    values = [span.attributes[key] for key in keys if key in span.attributes]
    values += [value for value in span.attributes.values() if isinstance(value, bytes)]  # ddtrace packs them
    for event in span.events:
        values += event.attributes.values() if event.name.startswith("gen_ai.") else ()
    return sum(len(value if isinstance(value, bytes) else canonical_json(value)) for value in values)


class Group:
    """The spans of one dialect and the best that was measured of them."""

    def __init__(self, name: str, spans: Sequence[Stored]) -> None:
        self.name = name
        self.spans = spans
        read = [read_span(span.otlp, span.resource, span.scope) for span in spans]
        self.claimed = [item for item in read if normalise(item) is not None]
        self.message_kb = sum(map(message_bytes, self.claimed)) / len(self.claimed) / 1000
        self.read_s = self.normalise_s = float("inf")
        self.reused = 0.0

    def measure(self) -> None:
        """One round; of few spans several times, as they come in a batch of an application and not one by one."""
        for _ in range(1 + SPANS_MIN // len(self.claimed)):
            read_s = _seconds(lambda: [read_span(s.otlp, s.resource, s.scope) for s in self.spans])
            normalise_s = _seconds(lambda: [normalise(item) for item in self.claimed])
            self.read_s, self.normalise_s = min(self.read_s, read_s), min(self.normalise_s, normalise_s)
        self.reused = reused_share()

    def row(self) -> str:
        """The line of the table."""
        read_us = self.read_s / len(self.spans) * 1e6
        us = self.normalise_s / len(self.claimed) * 1e6
        budget_us = 25 + 10 * self.message_kb
        return (
            f"| {self.name} | {len(self.claimed)} | {self.message_kb:.1f} | {read_us:.0f} | {us:.0f} "
            f"| {us / read_us:.1f} | {budget_us:.0f} | {'yes' if us <= budget_us else 'no'} | {self.reused:.0%} |"
        )


def conversation(turns: int) -> list[Span]:
    """The model calls of one conversation whose messages have 1 KB each; each call repeats all messages before it."""
    history: list[dict[str, Any]] = []
    spans = []
    for turn in range(turns):
        text = f"turn {turn} " + "x" * 1000
        history.append({"role": "user" if turn % 2 == 0 else "assistant", "parts": [{"type": "text", "content": text}]})
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(history)}
        spans.append(span(attributes, name="chat"))
    return spans


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="each measurement is the best of these")
    rounds = parser.parse_args().rounds
    captures: dict[str, list[Stored]] = defaultdict(list)
    for scenario in scenarios():
        captures[scenario.relative_to(CAPTURES).parts[0]] += stored_spans(scenario)
    groups = [Group(name, spans) for name, spans in sorted(captures.items())]
    groups.append(Group("all", [span for spans in captures.values() for span in spans]))
    for _ in range(rounds):  # one after the other, so that a busy second is not the measure of one dialect
        for group in groups:
            group.measure()
    print("| dialect | spans | KB/span | read us | normalise us | ratio | budget us | within | not parsed again |")
    print("|---|---|---|---|---|---|---|---|---|")
    for group in groups:
        print(group.row())
    unclaimed = span(UNCLAIMED_ATTRIBUTES, name="POST /v1/orders/{id}", scope_name="opentelemetry.instrumentation.http")
    us = best_us(lambda: [normalise(unclaimed) for _ in range(10_000)], 10_000, rounds)
    turns = 100
    long = conversation(turns)
    kilobytes = sum(len(item.attributes["gen_ai.input.messages"]) for item in long) / turns / 1000
    us_long = best_us(lambda: [normalise(item) for item in long], turns, rounds)
    print(
        f"\nA conversation of {turns} calls, {kilobytes:.0f} KB of history each: {us_long:.0f} us a call, budget "
        f"{25 + 10 * kilobytes:.0f} us; {reused_share():.0%} of the text was not parsed again"
    )
    print(f"\nA span that no dialect claims: {us:.1f} us (budget {UNCLAIMED_BUDGET_US:.0f} us)")


if __name__ == "__main__":
    main()
