"""The JSON contract: every field always there, ids in hex, nanoseconds as strings."""

import json

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tests.dialect_captures import CAPTURES, request_files
from tests.facts_by_hand import START, TRACE_ID, TraceByHand, asked, node, span_id
from tool_errors.contract import contract
from tool_errors.derive import derive
from tool_errors.inspect import inspect_records
from tool_errors.judged import from_row, to_row
from trace_store.facts import Failure

TRACE_FIELDS = {
    "trace_id", "project", "live", "interaction_id", "interaction_ids", "conversation_id", "user_id", "input", "output",
    "start_unix_nano", "end_unix_nano", "span_count", "roots", "agents", "input_tokens", "output_tokens",
    "cached_tokens", "reasoning_tokens", "cost_usd", "unpriced_models", "llm_calls", "tool_calls", "loops", "spans",
    "release", "environment", "run_ended_well", "asked_again", "told_elsewhere",
}  # fmt: skip
LLM_FIELDS = {"span_id", "model", "provider", "input_tokens", "output_tokens", "interaction_id", "error"} | {
    "finish_reason", "time_to_first_token_ms", "cached_tokens", "reasoning_tokens", "cost_usd", "price",
    "tool_definitions", "tool_definition_count", "turn",
}  # fmt: skip
TOOL_FIELDS = {
    "span_id", "call_id", "name", "arguments", "result", "asked_by", "interaction_id", "status", "evidence", "error",
    "call_key", "propagated_from", "violation", "asked_in",
}  # fmt: skip
LOOP_FIELDS = {
    "id", "kind", "tools", "iterations", "failures", "span_ids", "calls", "tokens", "cost_usd", "seconds",
    "wasted_calls", "fingerprint", "ended",
}  # fmt: skip
SPAN_FIELDS = {
    "span_id", "parent_span_id", "name", "type", "dialect", "status", "start_unix_nano", "end_unix_nano", "depth",
    "agent", "node",
    "from_log",
}  # fmt: skip


def looping() -> TraceByHand:
    trace = TraceByHand()
    slow_down = Failure("span_status", "status.message", "", "slow down")
    trace.add("llm", model="m", provider="p", failure=slow_down, interaction_id="i")
    for _ in range(3):
        trace.add("llm", model="m", input_tokens=5, requested_calls=(asked("", "search", {"date": "x"}),))
        trace.failing_tool("search", {"date": "x"}, "invalid date")
    trace.add("tool", tool_name="other", result={"long": "y" * 1000})
    return trace


def test_all_fields_of_a_full_trace() -> None:
    found = contract(looping().derive(), project="shop")
    assert found.keys() == TRACE_FIELDS
    assert all(call.keys() == LLM_FIELDS for call in found["llm_calls"])
    assert all(call.keys() == TOOL_FIELDS for call in found["tool_calls"])
    assert all(loop.keys() == LOOP_FIELDS for loop in found["loops"])
    assert all(span.keys() == SPAN_FIELDS for span in found["spans"])
    assert (found["project"], found["trace_id"], found["interaction_id"]) == ("shop", TRACE_ID.hex(), "i")
    assert found["start_unix_nano"] == str(START + 10**9)
    assert found["llm_calls"][0]["error"] == {"type": None, "message": "slow down"}
    failed = found["tool_calls"][0]
    assert failed["evidence"] == {"rule": "exception_event", "path": "events[0].exception.message"}
    assert failed["error"].keys() == {"type", "message", "fingerprint", "recovered"}
    assert found["tool_calls"][3]["result"] == {"long": "y" * 1000}
    (loop,) = found["loops"]
    assert (loop["seconds"], loop["wasted_calls"], loop["tokens"], len(loop["span_ids"])) == (4.0, 2, 10, 3)
    assert loop["calls"][0] == {"trace_id": TRACE_ID.hex(), "span_id": span_id(3).hex(), "call_id": None}
    assert json.loads(json.dumps(found)) == found


def test_all_fields_of_a_trace_that_says_nothing() -> None:
    found = contract(derive([node(1, status_code=2)], [], live=True), project="shop")
    assert found.keys() == TRACE_FIELDS
    assert (found["live"], found["input"], found["cost_usd"], found["llm_calls"]) == (True, None, None, [])
    assert found["spans"][0]["status"] == "error"


def test_payloads_of_rows_are_previews_unless_their_values_are_given() -> None:
    trace = looping()
    trace.judged = [from_row(to_row(item)) for item in trace.judged]
    derived = trace.derive()
    found = contract(derived, project="shop")
    assert found["tool_calls"][0]["arguments"] == {"date": "x"}
    assert found["tool_calls"][3]["result"].startswith('{"long":"yyy')
    key = derived.tool_calls[3].call_key
    found = contract(derived, project="shop", values={key: (None, {"long": "whole"})})
    assert found["tool_calls"][3]["result"] == {"long": "whole"}


def test_inspect_reads_what_a_library_sent() -> None:
    files = request_files(CAPTURES / "otel_genai" / "otel-genai-openai" / "S2")
    batches = [batch for path in files for batch in decode_file(path.read_bytes())]
    spans = [span for batch in batches if isinstance(batch, DecodedTraces) for span in batch.spans]
    (trace,) = inspect_records([*spans, *reversed(spans)], [])
    assert trace["span_count"] == len(spans)
    assert [(call["name"], call["status"]) for call in trace["tool_calls"]] == [("refund_order", "error")]
    assert trace["tool_calls"][0]["error"]["message"] == "payment gateway timed out"
    assert (trace["live"], len(trace["llm_calls"]), trace["roots"]) == (False, 2, [trace["spans"][0]["span_id"]])
