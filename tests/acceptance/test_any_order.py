"""Whatever the order, the split and the repetition in which the same records arrive, the tables end up identical.

Real captures are sent to two receivers, while two processors work, all at once on one real database.
"""

import asyncio
import json
import random
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.decode_file import decode_file
from tests.agent_logs import AGENTS, accepted, session_request, spans_with_logs
from tests.facts_stored import facts_stored
from tests.fix_receiver import running_receivers
from tool_errors.processor import Pace, Processor
from trace_store.model import AcceptedLog, AcceptedSpan

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
LIBRARIES = sorted({path.parents[1] for path in (FIXTURES / "dialects").rglob("001.*")})
CAPTURES = [max(scenario for scenario in library.iterdir() if scenario.is_dir()) for library in LIBRARIES]
AT_ONCE = Pace(settle_delay_s=0.0, orphan_settle_delay_s=0.0, heavy_wait_factor=0.0)
FACTS = ("spans", "span_links", "log_records", "resources", "scopes")
DERIVED = ("traces", "llm_calls", "tool_calls", "loops", "findings", "signal_matches")
NOT_COMPARED = ("found_at", "blob_id", "blob_position", "derived_at", "settle_at")
MOMENT_NS = 1_000_000_000
ISSUES = """
SELECT DISTINCT fingerprint, first_seen_unix_nano
FROM rainbarrel.issue_states JOIN rainbarrel.findings USING (project_id, fingerprint)
"""
SIGNAL = """
INSERT INTO rainbarrel.signals (project_id, signal_id, name, kind, pattern, search_in, sentiment)
VALUES (1, '00000000-0000-0000-0000-000000000001', 'nearly everything', 'regex', '[a-z]{2}', 'both', 'neutral')
"""
DIRTY = "SELECT count(*) FROM rainbarrel.dirty_marks"
Record = AcceptedSpan | AcceptedLog


def records_of(capture: Path) -> list[Record]:
    """Everything a capture holds, and a second version of its first span: one that had not ended yet."""
    records: list[Record] = []
    for path in sorted(path for path in capture.iterdir() if path.name[:3].isdigit()):
        for decoded in decode_file(path.read_bytes()):
            records += decoded.spans if hasattr(decoded, "spans") else decoded.logs
    first = next(record for record in records if isinstance(record, AcceptedSpan))
    message = Span.FromString(first.otlp)
    message.end_time_unix_nano = 0
    message.ClearField("attributes")
    return [*records, first._replace(end_unix_nano=0, otlp=message.SerializeToString())]


def batches_of(records: list[Record], rng: random.Random) -> list[list[Record]]:
    """The records shuffled, some of them twice or more, cut at random places."""
    shuffled = records + rng.choices(records, k=len(records) // 2)
    rng.shuffle(shuffled)
    batches: list[list[Record]] = []
    while shuffled:
        size = rng.randint(1, len(shuffled))
        batches.append(shuffled[:size])
        shuffled = shuffled[size:]
    return batches


def field(number: int, body: bytes) -> bytes:
    """A length-delimited protobuf field."""
    length, size = bytearray(), len(body)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + body


def request_of(records: list[Record]) -> bytes:
    """An export request with the exact bytes of each record; traces and logs are framed alike."""
    body = b""
    for record in records:
        scope, resource = record.scope, record.resource
        inner = field(1, scope.otlp) + field(2, record.otlp) + field(3, scope.schema_url.encode())
        body += field(1, field(1, resource.otlp) + field(2, inner) + field(3, resource.schema_url.encode()))
    return body


async def send(client: httpx.AsyncClient, url: str, batches: list[list[Record]]) -> None:
    for batch in batches:
        for path, kind in (("/v1/traces", AcceptedSpan), ("/v1/logs", AcceptedLog)):
            records = [record for record in batch if isinstance(record, kind)]
            if records:
                headers = {"content-type": "application/x-protobuf"}
                answer = await client.post(url + path, content=request_of(records), headers=headers)
                assert (answer.status_code, answer.content) == (200, b"")


async def run(conninfo: str, batches: list[list[Record]], count: int) -> None:
    """Sends the batches to `count` receivers while as many processors work, until nothing is dirty."""
    processors = [Processor(conninfo, AT_ONCE) for _ in range(count)]
    stop = asyncio.Event()
    working = [asyncio.create_task(processor.run(stop)) for processor in processors]
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(running_receivers(conninfo)) for _ in range(count)]
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        await asyncio.gather(*(send(client, receivers[n].url, batches[n::count]) for n in range(count)))
        connection = await stack.enter_async_context(await psycopg.AsyncConnection.connect(conninfo, autocommit=True))
        async with asyncio.timeout(180):
            while (await (await connection.execute(DIRTY)).fetchone()) != (0,):
                await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*working)


def tables(conninfo: str) -> dict[str, list[Any]]:
    """Every table as sorted JSON rows, without the places of blobs and without clock readings."""
    with psycopg.connect(conninfo) as connection:
        found: dict[str, list[Any]] = {}
        for table in (*FACTS, *DERIVED):
            query = f"SELECT to_jsonb(t) - %s::text[] FROM rainbarrel.{table} t"
            rows = connection.execute(query, (list(NOT_COMPARED),)).fetchall()
            found[table] = sorted(json.dumps(row, sort_keys=True) for (row,) in rows)
        found["facts"] = facts_stored(connection)
        issues = sorted(connection.execute(ISSUES.encode()).fetchall())
        found["issues"] = [fingerprint for fingerprint, _ in issues]
        found["first seen"] = [FirstSeen(unix_nano) for _, unix_nano in issues]
        return found


class FirstSeen(int):
    """Only ever becomes earlier: a call that was first known from the answer to it may have stood a moment before."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and abs(int(self) - int(other)) < MOMENT_NS

    __hash__ = int.__hash__


def empty(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        tables = (*FACTS, *DERIVED, "fact_parts", "issue_states", "span_blobs", "dirty_marks", "ingest_receipts")
        names = ", ".join(f"rainbarrel.{name}" for name in tables)
        connection.execute(f"TRUNCATE {names}")


def captures() -> list[Any]:
    """The last scenario of every library; the test command tries one of each of the most used dialects."""
    found, wanted = [], {"openinference", "otel_genai", "vercel_ai"}
    for capture in CAPTURES:
        dialect = capture.parents[1].name
        marks = [] if dialect in wanted else [pytest.mark.thorough]
        wanted.discard(dialect)
        found.append(pytest.param(capture, marks=marks, id=f"{capture.parent.name}/{capture.name}"))
    return found


@pytest.mark.parametrize("capture", captures())
def test_shuffled_split_and_repeated_records_give_the_same_tables(database: str, capture: Path) -> None:
    check_any_order(database, records_of(capture))


@pytest.mark.parametrize("agent", AGENTS)
def test_so_do_sessions_of_log_records_alone(database: str, agent: str) -> None:
    check_any_order(database, [*accepted(session_request(agent, "s1"))[1]])


def test_so_do_log_records_of_spans(database: str) -> None:
    """Some tell about their span, some of another, some of a span that never comes."""
    spans, logs = accepted(*spans_with_logs())
    check_any_order(database, [*spans, *logs])


def check_any_order(database: str, records: list[Record]) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(SIGNAL.encode())
    asyncio.run(run(database, [records], 1))
    undisturbed = tables(database)
    assert undisturbed["spans"]
    assert undisturbed["traces"]
    assert undisturbed["facts"]

    @settings(max_examples=1, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def check(rng: random.Random) -> None:
        empty(database)
        asyncio.run(run(database, batches_of(records, rng), 2))
        assert tables(database) == undisturbed

    check()
