"""python -m tests.benchmarks.normalise: microseconds to normalise a span, per dialect, beside reading it from bytes.

The spans are the captures of tests/fixtures/dialects. The budget of a claimed span is 25 us + 10 us per KB of its
bytes, that of one that no dialect claims 2 us. CPU time of the best of several rounds counts: a busy machine only
adds time. Each round begins without remembered histories; `not parsed again` is the share of the message text that was
recognised as the history of an earlier call.
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
from trace_store.attributes import RECENT_TEXTS
from trace_store.dialects import normalise
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
    best = float("inf")
    for _ in range(rounds):
        HISTORIES.clear()  # what a processor would not know of spans that it meets for the first time
        RECENT_TEXTS.clear()
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best / count * 1e6


def reused_share() -> float:
    """The share of message text that the last round did not parse again."""
    seen = HISTORIES.reused_chars + HISTORIES.parsed_chars
    return HISTORIES.reused_chars / seen if seen else 0.0


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


def row(name: str, spans: Sequence[Stored], rounds: int) -> str:
    """The line of the table for the spans of one dialect."""
    read = [read_span(span.otlp, span.resource, span.scope) for span in spans]
    claimed = [item for item in read if normalise(item) is not None]
    sizes = [len(span.otlp) for span, item in zip(spans, read, strict=True) if normalise(item) is not None]
    kilobytes = sum(sizes) / len(sizes) / 1000
    reading_us = best_us(lambda: [read_span(s.otlp, s.resource, s.scope) for s in spans], len(spans), rounds)
    us = best_us(lambda: [normalise(item) for item in claimed], len(claimed), rounds)
    share = reused_share()
    budget_us = 25 + 10 * kilobytes
    return (
        f"| {name} | {len(claimed)} | {kilobytes:.1f} | {reading_us:.0f} | {us:.0f} | {us / reading_us:.1f} "
        f"| {budget_us:.0f} | {'yes' if us <= budget_us else 'no'} | {share:.0%} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="each measurement is the best of these")
    rounds = parser.parse_args().rounds
    captures: dict[str, list[Stored]] = defaultdict(list)
    for scenario in scenarios():
        captures[scenario.relative_to(CAPTURES).parts[0]] += stored_spans(scenario)
    print("| dialect | spans | KB/span | read us | normalise us | ratio | budget us | within | not parsed again |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, spans in sorted(captures.items()):
        print(row(name, spans, rounds))
    print(row("all", [span for spans in captures.values() for span in spans], rounds))
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
