"""What redaction costs: CPU per span of about 1 KB, beside what decoding and writing the same span take without it.

    python -m tests.benchmarks.redaction [--spans 8000] [--passes 3]

Spans are those of the other benchmarks; into a share of them an address and a key are put, within a text.
"""

import argparse
import asyncio
import statistics
import sys
import time

import psutil
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.decode import decode_traces
from otlp_receiver.decoded import DecodedTraces
from otlp_receiver.redaction.built_in import BUILT_IN
from otlp_receiver.redaction.redact import redact
from otlp_receiver.redaction.redactor import Redactor
from otlp_receiver.redaction.rules import read_rules
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.own_database import own_database
from tests.benchmarks.workload import Shape, requests
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedSpan
from trace_store.writer import SpanWriter

SPANS_PER_REQUEST = 200
PLANTED = "jane@example.org sk-Abcdef0123456789Ghijkl "
BUILT_IN_RULES = [{"name": name, "action": "hash"} for name in BUILT_IN]
OWN_RULES = [
    {"name": "customer", "pattern": r"\bC-[0-9]{6}\b"},
    {"name": "iban", "pattern": r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}\b"},
    {"name": "password", "pattern": r"(?i)password[\"']?\s*[:=]\s*[\"']?([^\s\"']+)"},
]
RULE_SETS = {
    "none": [],
    "built in": BUILT_IN_RULES,
    "built in, three of one's own": BUILT_IN_RULES + OWN_RULES,
}
SHARES = (0.0, 0.1, 1.0)  # of the spans that have something to replace


def decoded(count: int, share: float) -> list[DecodedTraces]:
    """Requests, in the same length with and without a hit: words give way to what is planted."""
    found = []
    number = 0
    for request in requests(count, Shape(SPANS_PER_REQUEST), 1, time.time_ns() - 600_000_000_000):
        of_request = decode_traces(request.body, "protobuf", 1)
        for position, span in enumerate(of_request.spans):
            number += 1
            if int(number * share) > int((number - 1) * share):
                of_request.spans[position] = planted(span)
        found.append(of_request)
    return found


def planted(span: AcceptedSpan) -> AcceptedSpan:
    """The span with what is planted within its longest text, instead of as many characters."""
    message = Span.FromString(span.otlp)
    longest = max((each.value for each in message.attributes), key=lambda value: len(value.string_value))
    text, middle = longest.string_value, len(longest.string_value) // 2
    longest.string_value = f"{text[:middle]} {PLANTED}{text[middle + len(PLANTED) :]}"
    return span._replace(otlp=message.SerializeToString())


def redaction_us(batches: list[DecodedTraces], rules: list[dict[str, str]]) -> tuple[float, int]:
    """CPU per span, and how many texts were replaced."""
    redactors = {1: Redactor(read_rules(rules), 1, b"s" * 32)} if rules else {}
    copies = [DecodedTraces(1, list(batch.spans)) for batch in batches]
    redact(DecodedTraces(1, list(batches[0].spans)), redactors)
    began = time.process_time()
    replaced = sum(sum(redact(copy, redactors).values()) for copy in copies)
    return (time.process_time() - began) / sum(len(batch.spans) for batch in batches) * 1e6, replaced


async def write_us(conninfo: str, count: int) -> float:
    """CPU of decoding and writing per span, the database's included, without rules."""
    now = time.time_ns()
    bodies = [each.body for each in requests(count, Shape(SPANS_PER_REQUEST), now, now - 600_000_000_000)]
    writer = SpanWriter(conninfo, retention_days=30)
    await writer.open()
    assert writer._connection is not None
    backend = psutil.Process(writer._connection.info.backend_pid)
    began = time.process_time() + sum(backend.cpu_times()[:2])
    for number in range(0, len(bodies), 5):
        spans = [span for body in bodies[number : number + 5] for span in decode_traces(body, "protobuf", 1).spans]
        await writer.commit(CommitBatch(spans))
    spent = time.process_time() + sum(backend.cpu_times()[:2]) - began
    await writer.close()
    return spent / count * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spans", type=int, default=8000)
    parser.add_argument("--passes", type=int, default=3)
    options = parser.parse_args()
    writes: list[float] = []
    found: dict[tuple[str, float], list[tuple[float, int]]] = {}
    with own_database() as database:
        for _ in range(options.passes):
            writes.append(asyncio.run(write_us(database.conninfo, options.spans)))
            for share in SHARES:
                batches = decoded(options.spans, share)
                for name, rules in RULE_SETS.items():
                    found.setdefault((name, share), []).append(redaction_us(batches, rules))
    size = statistics.mean(len(span.otlp) for batch in decoded(options.spans, 0.0) for span in batch.spans)
    write = statistics.median(writes)
    print(machine_facts(database.version), "\n")
    print(f"{size:.0f} bytes per span; decoding and writing one without rules: {write:.0f} us of CPU.\n")
    rows = []
    for (name, share), values in found.items():
        cost = statistics.median(value for value, _ in values)
        rows.append([name, f"{share:.0%}", f"{values[0][1]}", f"{cost:.1f}", f"{1 + cost / write:.2f}"])
    print(markdown_table(["rules", "spans with a hit", "texts replaced", "us/span", "ratio to no rules"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
