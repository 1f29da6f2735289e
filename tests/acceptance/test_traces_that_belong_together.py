"""Runs whose spans came as several traces are one group, by each of the ways in which that is known.

`inspect` tells each of their tool calls once, and so does the server, which shows the traces on one page.
"""

from typing import Any, NamedTuple

from tests.dialect_captures import CAPTURES
from tests.fix_pages import Pages, read_records, running_pages
from tests.told_twice_run import told_twice_run, trace_ids
from tool_errors.inspect import inspect_records


class Way(NamedTuple):
    """A capture, of how many traces its group consists, and its tool calls."""

    capture: str
    traces: int
    calls: list[tuple[str, str]]


WAYS = {
    "span links and a topic": Way("autogen/autogen/S2", 10, [("refund_order", "error")]),
    "a trace per span, by call ids and arguments": Way(
        "traceloop_langchain/js-traceloop-langchain/S2", 4, [("get_stock", "error")]
    ),
    "a trace per span, by conversation id": Way(
        "traceloop_langchain/js-traceloop-langchain-ids/S6",
        12,
        [("charge_card", "error"), ("get_current_weather", "ok")],
    ),
    "a trace per call, by conversation id": Way(
        "openinference/openinference-openai-llmonly/S1", 2, [("get_current_weather", "ok")]
    ),
    "a trace per call, by message history": Way(
        "otel_genai/otel-genai-openai-llmonly/S1", 2, [("get_current_weather", "ok")]
    ),
}


async def test_each_way(database: str) -> None:
    async with running_pages(database) as pages:
        for name, way in WAYS.items():
            records = read_records(CAPTURES / way.capture)
            inspected = inspect_records(records.spans, records.logs)
            telling = [trace for trace in inspected if trace["tool_calls"]]
            assert calls_of(telling) == way.calls, name
            await pages.store_and_derive(records.spans, records.logs)
            conversation = telling[0]["conversation_id"] or telling[0]["trace_id"]
            group = await pages.json(f"/api/conversations/{conversation}")
            assert (group["total"], len(group["traces"])) == (way.traces, way.traces), name
            assert calls_of(await members(pages, group)) == way.calls, name
            await pages.forget_everything()


async def members(pages: Pages, group: dict[str, Any]) -> list[dict[str, Any]]:
    return [await pages.json(f"/api/traces/{trace['trace_id']}") for trace in group["traces"]]


def calls_of(traces: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((call["name"], call["status"]) for trace in traces for call in trace["tool_calls"])


async def test_a_model_call_that_two_libraries_tell_counts_once(database: str) -> None:
    framework, client = told_twice_run(0, conversation_id="order 7")
    ids = [trace_id.hex() for trace_id in trace_ids(0)]
    expected = {ids[0]: (200, 20, 2, []), ids[1]: (0, 0, 0, [ids[0]] * 2)}
    inspected = inspect_records([*client, *framework], [])
    assert {trace["trace_id"]: counted(trace) for trace in inspected} == expected
    cost_usd = sum(trace["cost_usd"] or 0 for trace in inspected)
    async with running_pages(database) as pages:
        for first, second in ((framework, client), (client, framework)):
            for arriving in (first, second, first):  # the last is a redelivery
                await pages.store_and_derive(arriving)
            group = await pages.json("/api/conversations/order%207")
            assert {trace["trace_id"]: counted(trace) for trace in await members(pages, group)} == expected
            listed = (await pages.json("/api/traces"))["traces"]
            assert sum(trace["input_tokens"] + trace["output_tokens"] for trace in listed) == 220
            assert sum(trace["cost_usd"] or 0 for trace in listed) == cost_usd > 0
            assert await told(pages, ids[1]) == (True, True)
            assert await told(pages, ids[0]) == (False, False)
            await pages.forget_everything()


def counted(trace: dict[str, Any]) -> tuple[int, int, int, list[str]]:
    elsewhere = [each["told_in"] for each in trace["told_elsewhere"]]
    return trace["input_tokens"], trace["output_tokens"], len(trace["llm_calls"]), elsewhere


async def told(pages: Pages, trace_id: str) -> tuple[bool, bool]:
    """Whether the header of a trace and the pane of its first model call say that another trace counts calls."""
    page = await pages.html(f"/traces/{trace_id}?span={(10).to_bytes(8).hex()}")
    return "data-told-elsewhere" in page, "data-told-in" in page
