"""What the API says of a stored trace is what `inspect` says of the same records, field by field."""

from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from otlp_receiver.decode_protobuf import decode_traces
from tests.agent_run import accepted, agent_run, made
from tests.dialect_captures import scenarios
from tests.fix_pages import Records, read_records, running_pages
from tool_errors.inspect import inspect_records
from web.api.traces import SPANS_LIMIT
from web.processes.reader_process import HEAVY_SPANS_MIN

CAPTURES = scenarios()


def inspected(records: Records) -> list[dict[str, Any]]:
    return inspect_records(records.spans, records.logs)


async def test_every_capture_in_one_database(database: str) -> None:
    """Many captures bear the same conversation id: what belongs together is told as `inspect` tells all of them."""
    assert len(CAPTURES) > 80
    captures = [read_records(capture) for capture in CAPTURES]
    records = Records([s for capture in captures for s in capture.spans], [x for c in captures for x in c.logs])
    begin = datetime.now(UTC)
    async with running_pages(database) as pages:
        for capture in captures:
            await pages.store(capture.spans, capture.logs)
        await pages.derive()
        for expected in inspected(records):
            found = await pages.json(f"/api/traces/{expected['trace_id']}")
            assert found.pop("spans_offset") == 0
            assert datetime.fromisoformat(found.pop("derived_at")) >= begin
            assert found.pop("spans_total") == len(expected["spans"]) <= SPANS_LIMIT
            assert found == expected


@pytest.mark.thorough
async def test_every_capture_by_itself(database: str) -> None:
    """Also where each call, or each span, is a trace of its own."""
    assert sum(len(read_records(capture).trace_ids) > 1 for capture in CAPTURES) >= 9
    async with running_pages(database) as pages:
        for capture in CAPTURES:
            records = read_records(capture)
            await pages.store_and_derive(records.spans, records.logs)
            for expected in inspected(records):
                found = await pages.json(f"/api/traces/{expected['trace_id']}")
                assert {key: found[key] for key in expected} == expected, capture
            await pages.forget_everything()


async def test_spans_come_in_pages(database: str) -> None:
    trace_id = b"\x11" * 16
    run = agent_run(trace_id, steps=30)
    (expected,) = inspect_records(run, [])
    async with running_pages(database) as pages:
        await pages.store_and_derive(run)
        path = f"/api/traces/{trace_id.hex()}"
        spans: list[dict[str, Any]] = []
        for offset in range(0, 150, 50):
            found = await pages.json(f"{path}?spans_offset={offset}&spans_limit=50")
            assert (found["spans_offset"], found["spans_total"], found["span_count"]) == (offset, 121, 121)
            assert len(found["tool_calls"]) == 30
            spans += found["spans"]
        assert spans == expected["spans"]
        assert (await pages.json(f"{path}?spans_offset=500"))["spans"] == []
        assert await pages.json(f"/traces/{trace_id.hex()}.json?spans_offset=7") == await pages.json(
            f"{path}?spans_offset=7"
        )
        for query, said in {"spans_offset=-1": "negative", "spans_limit=all": "spans_limit: "}.items():
            refused = await pages.get(f"{path}?{query}")
            assert refused.status_code == 400
            assert said in refused.json()["error"]


async def test_a_large_trace_is_read_by_another_process_and_says_the_same(database: str) -> None:
    trace_id = b"\x12" * 16
    run = agent_run(trace_id, steps=750)
    (expected,) = inspect_records(run, [])
    assert len(run) == 3001 > HEAVY_SPANS_MIN
    async with running_pages(database) as pages:
        await pages.store(run)
        path = f"/api/traces/{trace_id.hex()}"
        underived = await pages.json(f"{path}?spans_limit=5000")
        (first,) = reader_processes()
        first.kill()
        first.wait()
        assert (underived["live"], underived["derived_at"]) == (True, None)
        assert underived["spans"] == expected["spans"]
        await pages.derive()
        found = await pages.json(f"{path}?spans_limit=5000")
        assert (found.pop("spans_offset"), found.pop("spans_total")) == (0, 3001)
        assert found.pop("derived_at")
        assert found == expected
        assert len((await pages.json(path))["spans"]) == SPANS_LIMIT
        page = await pages.html(f"/traces/{trace_id.hex()}?span={run[2000].span_id.hex()}")
        assert run[2000].span_id.hex() in page
        window = await pages.html(f"/traces/{trace_id.hex()}?view=tree&offset=1500", "trace-tree")
        assert 'data-part="tree 1500"' in window
        otlp = await pages.get(f"{path}/otlp", headers={"accept": "application/x-protobuf"})
        assert {span.otlp for span in decode_traces(otlp.content, 1).spans} == {span.otlp for span in run}
        (second,) = reader_processes()
        assert second.pid != first.pid


def reader_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "--multiprocessing-fork" in child.cmdline()]


async def test_values_that_json_cannot_hold(database: str) -> None:
    arguments = '{"cut": "\\ud83d", "number": 100000000000000000000}'
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}
    values = [arguments, "{'n': 100000000000000000000, 'f': 1e999}", "[" * 300 + "]" * 300, "a\0b"]
    trace_id = b"\x13" * 16
    spans = accepted(
        made(trace_id, number, values=tool | {"gen_ai.tool.call.arguments": value})
        for number, value in enumerate(values, start=1)
    )
    async with running_pages(database) as pages:
        await pages.store_and_derive(spans)
        found = await pages.json(f"/api/traces/{trace_id.hex()}")
        assert [call["arguments"] for call in found["tool_calls"][:2]] == [
            {"cut": "\ufffd", "number": found["tool_calls"][0]["arguments"]["number"]},
            {"n": "100000000000000000000", "f": "inf"},
        ]
        assert found["tool_calls"][3]["arguments"] == "a\0b"
        for span in spans:
            await pages.html(f"/traces/{trace_id.hex()}/spans/{span.span_id.hex()}")
