"""What a conversation of several traces costs does not depend on how its spans arrive; costs that agents send."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from tests.agent_logs import START_MS, accepted, key_values, request
from tests.client_only_run import client_only_run
from tool_errors.inspect import inspect_records
from trace_store.model import AcceptedSpan

RUNS: list[list[str | None]] = [["refused"] * 4, [None], ["refused", None, "refused"]]
SPANS: list[AcceptedSpan] = [
    span
    for run, failures in enumerate(RUNS)
    for trace in client_only_run(run, failures, conversation_id="c1" if run < 2 else None)
    for span in trace
]
CALL_USD = (100 * 150 + 10 * 600) / 1e9


def costs(spans: list[AcceptedSpan]) -> list[tuple[str, float | None, list[str], list[float | None]]]:
    return [
        (trace["trace_id"], trace["cost_usd"], trace["unpriced_models"], [loop["cost_usd"] for loop in trace["loops"]])
        for trace in inspect_records(spans, [])
    ]


def test_each_trace_costs_its_own_call_and_the_loop_the_calls_that_asked_again() -> None:
    found = costs(SPANS)
    assert [cost for _, cost, _, _ in found] == [CALL_USD] * len(SPANS)
    assert [loops for *_, loops in found if loops] == [[3 * CALL_USD]]


@settings(max_examples=40, deadline=None)
@given(st.permutations(SPANS), st.lists(st.sampled_from(SPANS), max_size=6), st.integers(0, len(SPANS)))
def test_order_and_duplicates_do_not_change_what_a_conversation_costs(
    spans: list[AcceptedSpan], again: list[AcceptedSpan], at: int
) -> None:
    assert sorted(costs(spans[:at] + again + spans[at:])) == sorted(costs(SPANS))


def api_request(model: str, **values: Any) -> list[dict[str, Any]]:
    named = {
        "session.id": "s1",
        "prompt.id": "p1",
        "event.name": "api_request",
        "request_id": "req_1",
        "model": model,
        "input_tokens": 2,
        "output_tokens": 100,
        "cache_read_tokens": 1000,
        "cache_creation_tokens": 400,
        **values,
    }
    record = LogRecord(time_unix_nano=START_MS * 1_000_000, attributes=key_values(named))
    record.body.string_value = "claude_code.api_request"
    spans, logs = accepted(request("claude-code", "com.anthropic.claude_code.events", [record]))
    (trace,) = inspect_records(spans, logs)
    found: list[dict[str, Any]] = trace["llm_calls"]
    return found


def test_a_request_of_claude_code_costs_what_the_table_says() -> None:
    (call,) = api_request("claude-sonnet-4-6", cost_usd=9.9)
    assert (call["input_tokens"], call["price"]) == (1402, "anthropic/claude-sonnet-4-6 since 2026-03-13")
    assert call["cost_usd"] == (2 * 3000 + 1000 * 300 + 400 * 3750 + 100 * 15000) / 1e9


def test_a_request_of_an_unpriced_model_costs_what_claude_code_says() -> None:
    (call,) = api_request("house-model", cost_usd=0.0125)
    assert (call["cost_usd"], call["price"]) == (0.0125, "as sent")
    (text,) = api_request("house-model", cost_usd="0.0125")
    assert (text["cost_usd"], text["price"]) == (0.0125, "as sent")
    (unpriced,) = api_request("house-model")
    assert (unpriced["cost_usd"], unpriced["price"]) == (None, None)
