"""The sample agent shows what it promises: fine runs, a raising tool, a soft failure, a loop."""

import pytest

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tool_errors.inspect import inspect_records
from web.demo.runs import (
    FINISHED,
    LIVE,
    LOOKUP_LOOP,
    REFUND_RAISES,
    RETURN_IT,
    SHIPPING_SOFT_FAILURE,
    WHERE_IS_MY_ORDER,
)
from web.demo.spans import SECOND_NS, RunRecorder, export_request

START = 1_790_000_000 * SECOND_NS


def derived(run):
    (decoded,) = decode_file(export_request(RunRecorder(run, START, "conversation").record()))
    assert isinstance(decoded, DecodedTraces)
    assert decoded.rejections.total == 0
    (trace,) = inspect_records(decoded.spans, [])
    return trace


def failures(trace):
    return [(call["name"], call["status"]) for call in trace["tool_calls"] if call["status"] != "ok"]


@pytest.mark.parametrize("run", [WHERE_IS_MY_ORDER, RETURN_IT])
def test_the_fine_runs_are_fine(run):
    trace = derived(run)
    assert failures(trace) == []
    assert trace["loops"] == []
    assert trace["input"] == run.question
    assert trace["output"] == run.turns[-1].text


def test_one_tool_raises():
    trace = derived(REFUND_RAISES)
    assert failures(trace) == [("refund_payment", "error")]
    (failed,) = [call for call in trace["tool_calls"] if call["error"]]
    assert failed["error"]["type"] == "PaymentGatewayError"
    assert failed["error"]["recovered"] is False


def test_one_tool_fails_although_its_span_looks_fine():
    trace = derived(SHIPPING_SOFT_FAILURE)
    assert failures(trace) == [("shipping_rates", "soft_error")]
    assert {span["status"] for span in trace["spans"]} == {"unset"}


def test_one_run_loops():
    (loop,) = derived(LOOKUP_LOOP)["loops"]
    assert (loop["tools"], loop["iterations"], loop["failures"], loop["ended"]) == (["lookup_order"], 5, 5, "gave_up")


@pytest.mark.parametrize("run", [*FINISHED, LIVE])
def test_every_span_is_recognised_and_placed(run):
    trace = derived(run)
    types = {span["type"] for span in trace["spans"]}
    assert {"agent", "llm", "tool"} <= types
    assert [span["name"] for span in trace["spans"] if span["type"] == "other"] == ["POST /chat"]
    assert max(span["depth"] for span in trace["spans"]) >= 2
    assert trace["user_id"] == run.user_id
    assert trace["conversation_id"] == "conversation"
    assert len(trace["llm_calls"]) == len(run.turns)
    assert len(trace["tool_calls"]) == sum(len(turn.calls) for turn in run.turns)


def test_the_live_run_sends_children_first_over_about_ten_seconds():
    spans = RunRecorder(LIVE, START, "conversation").record()
    ends = [span.end_time_unix_nano for span in spans]
    assert ends == sorted(ends)
    assert 8 * SECOND_NS < ends[-1] - START < 12 * SECOND_NS
    assert not spans[-1].parent_span_id
