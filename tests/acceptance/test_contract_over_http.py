"""What the API says of a stored trace is what `inspect` says of the same records, field by field."""

from datetime import UTC, datetime
from typing import Any

import psutil

from otlp_receiver.decode_protobuf import decode_traces
from tests.agent_run import accepted, agent_run, made
from tests.dialect_captures import scenarios
from tests.fix_pages import Records, read_records, running_pages
from tool_errors.inspect import inspect_records
from web.api.traces import SPANS_LIMIT
from web.reader_process import HEAVY_SPANS_MIN

CAPTURES = scenarios()
ONE_TRACE = [capture for capture in CAPTURES if len(read_records(capture).trace_ids) == 1]


def inspected(records: Records) -> list[dict[str, Any]]:
    return inspect_records(records.spans, records.logs)


async def test_every_capture_of_one_trace(database: str) -> None:
    assert len(ONE_TRACE) > 70
    captures = {capture: read_records(capture) for capture in ONE_TRACE}
    begin = datetime.now(UTC)
    async with running_pages(database) as pages:
        await pages.store_and_derive(
            [span for records in captures.values() for span in records.spans],
            [log for records in captures.values() for log in records.logs],
        )
        for capture, records in captures.items():
            (expected,) = inspected(records)
            found = await pages.json(f"/api/traces/{expected['trace_id']}")
            assert found.pop("spans_offset") == 0
            assert datetime.fromisoformat(found.pop("derived_at")) >= begin
            assert found.pop("spans_total") == len(expected["spans"]) <= SPANS_LIMIT
            assert found == expected, capture


async def test_traces_that_belong_together_are_told_apart(database: str) -> None:
    """Over HTTP a trace is told by itself: what another trace adds to a call of it, `inspect` alone puts together.

    Nearly everywhere that is only whether another trace answered the call. AutoGen spreads a single call over several
    traces; there the same tools are named, and no call is lost.
    """
    several = [capture for capture in CAPTURES if capture not in ONE_TRACE]
    linked = 0
    spread: set[str] = set()
    async with running_pages(database) as pages:
        for capture in several:
            records = read_records(capture)
            await pages.store_and_derive(records.spans, records.logs)
            together = inspected(records)
            apart = [await pages.json(f"/api/traces/{trace['trace_id']}") for trace in together]
            for expected, found in zip(together, apart, strict=True):
                only_here = [call for call in found["tool_calls"] if call not in expected["tool_calls"]]
                same = expected.keys() - {"tool_calls"}
                if {call["status"] for call in only_here} <= {"unanswered"}:
                    assert [call for call in found["tool_calls"] if call not in only_here] == expected["tool_calls"]
                    assert {key: found[key] for key in same} == {key: expected[key] for key in same}
                    linked += bool(only_here)
                else:
                    spread.add(capture.parent.name)
            assert names_of_calls(apart) == names_of_calls(together)
            assert sum(len(trace["tool_calls"]) for trace in apart) >= sum(len(t["tool_calls"]) for t in together)
    assert spread == {"autogen"}
    assert linked >= 3


def names_of_calls(traces: list[dict[str, Any]]) -> set[str]:
    return {call["name"] for trace in traces for call in trace["tool_calls"]}


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
        window = await pages.html(f"/traces/{trace_id.hex()}/tree?offset=1500")
        assert 'data-first="1500"' in window
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
