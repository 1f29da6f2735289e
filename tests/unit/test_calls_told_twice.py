"""A model call that two traces tell counts once, in whatever order the traces come; others stay what they are."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent_run import MILLISECOND, accepted, made
from tests.spans_made import NOW
from tests.told_twice_run import (
    CLIENT_SCOPE,
    INPUT_TOKENS,
    MODEL,
    OUTPUT_TOKENS,
    response_id,
    told_twice_run,
    trace_ids,
)
from tool_errors.contract import contract
from tool_errors.findings import DerivedTrace, LlmCall
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.grouped.linked_traces import linked_traces, may_belong_to_group
from tool_errors.grouped.told_twice import request_key, response_key, without_told
from tool_errors.inspect import derive_records
from tool_errors.rows_read import derived_trace
from tool_errors.table_rows import llm_call_row, trace_row
from trace_store.model import AcceptedSpan
from trace_store.stored import SpanRow

SECOND_NS = 10**9
REFUSED = "Error code: 429 - {'type': 'error', 'error': {'message': 'Slow down'}, 'request_id': '%s'}"
REQUEST_ID = "req_011CSHoEeqs5C35K2UUqR7Fy"
REQUEST_ERROR = f"RateLimitError: 429, request ID {REQUEST_ID}"


def own(spans: list[AcceptedSpan]) -> DerivedTrace:
    """A trace by itself."""
    return derive_records(spans, [])[0]


def both(run: int = 0, **options: Any) -> list[DerivedTrace]:
    return [own(spans) for spans in told_twice_run(run, **options)]


def settled(traces: list[DerivedTrace]) -> dict[bytes, DerivedTrace]:
    return {trace.trace_id: trace for group in linked_traces(traces) for trace in settle_conversation(group)}


def with_call(trace: DerivedTrace, **changed: Any) -> DerivedTrace:
    """The trace with its first model call changed."""
    first, *others = trace.llm_calls
    return replace(trace, llm_calls=(replace(first, **changed), *others))


def test_each_trace_tells_its_calls_by_itself() -> None:
    for trace in both():
        assert may_belong_to_group(trace)
        assert (len(trace.llm_calls), trace.input_tokens, trace.output_tokens) == (2, 200, 20)


def test_the_calls_count_in_the_trace_that_tells_more() -> None:
    framework, client = trace_ids(0)
    told = settled(both())
    assert (told[framework].input_tokens, told[framework].output_tokens) == (200, 20)
    assert (told[client].input_tokens, told[client].output_tokens) == (0, 0)
    assert [call.told_in for call in told[client].llm_calls] == [framework] * 2
    assert len(told[framework].counted_llm_calls) == 2
    shown = contract(told[client], project="default")
    assert (shown["llm_calls"], shown["cost_usd"], shown["input_tokens"]) == ([], None, 0)
    assert [(each["told_in"]) for each in shown["told_elsewhere"]] == [framework.hex()] * 2
    counted = contract(told[framework], project="default")
    assert (len(counted["llm_calls"]), counted["told_elsewhere"]) == (2, [])
    assert counted["cost_usd"] == contract(both()[0], project="default")["cost_usd"] > 0


def test_what_a_trace_shows_as_its_steps_stays() -> None:
    before, after = both()[1], settled(both())[trace_ids(0)[1]]
    assert (after.steps, after.models) == (before.steps, before.models) == ("LL", (MODEL,))


@given(st.permutations(range(6)))
def test_the_order_of_the_traces_makes_no_difference(order: list[int]) -> None:
    traces = [*both(0), *both(1, conversation_id="c"), *both(2, calls=3, conversation_id="c")]
    assert settled([traces[place] for place in order]) == settled(traces)
    assert sum(trace.input_tokens for trace in settled(traces).values()) == INPUT_TOKENS * 7


def test_three_traces_that_tell_a_call_count_it_once() -> None:
    framework, client = both(calls=1)
    third = replace(with_call(client, told_by="openinference"), trace_id=bytes([9] * 16))
    for order in itertools.permutations([framework, client, third]):
        told = settled(list(order))
        assert sum(trace.output_tokens for trace in told.values()) == OUTPUT_TOKENS
        assert len({call.told_in for trace in told.values() for call in trace.llm_calls}) == 2


def test_a_call_counts_where_its_tokens_are_known() -> None:
    framework, client = both(calls=1)
    bare = with_call(framework, input_tokens=None, output_tokens=None, cost_nano_usd=None)
    told = settled([replace(bare, input_tokens=0, output_tokens=0), client])
    assert [(trace.input_tokens, trace.output_tokens) for trace in told.values()] == [(0, 0), (100, 10)]
    assert told[framework.trace_id].llm_calls[0].told_in == client.trace_id


@pytest.mark.parametrize(
    "changed",
    [
        {"told_by": "langsmith"},  # one library tells a call once: the server repeats its ids
        {"output_tokens": 11},
        {"model": "claude-haiku-4-5"},
        {"response_key": response_key("msg_another-answer-1234")},
        {"response_key": None},
        {"start_unix_nano": 2**62, "end_unix_nano": 2**62},  # after the other had ended
        {"turn": 1},
    ],
)
def test_what_may_be_another_call_counts_for_itself(changed: dict[str, Any]) -> None:
    framework, client = both(calls=1)
    other = with_call(client, **changed)
    assert [len(group) for group in linked_traces([framework, other])] == [1, 1]


def test_calls_of_different_conversations_are_two() -> None:
    framework, client = both(calls=1, conversation_id="a")
    assert len(linked_traces([framework, client])) == 1
    assert len(linked_traces([framework, replace(client, conversation_id="b")])) == 2


def test_an_id_that_one_trace_tells_of_two_calls_joins_nothing() -> None:
    framework, client = both(calls=1)
    (call,) = client.llm_calls
    again = replace(call, span_id=b"again..1", start_unix_nano=call.end_unix_nano)
    assert len(linked_traces([framework, replace(client, llm_calls=(call, again))])) == 2


@pytest.mark.parametrize(
    "other", [{"model": None}, {"model": f"anthropic/{MODEL}-20250929"}, {"output_tokens": None}, {"input_tokens": 90}]
)
def test_what_one_library_leaves_unclear_is_no_contradiction(other: dict[str, Any]) -> None:
    framework, client = both(calls=1)
    assert len(linked_traces([framework, with_call(client, **other)])) == 1


@pytest.mark.parametrize("unlike", [None, "", "msg_1", "m" * 30, "x" * 300, "0000000000000000"])
def test_ids_that_servers_repeat_stand_for_nothing(unlike: str | None) -> None:
    assert response_key(unlike) is None


def test_ids_of_vendors_are_told_apart() -> None:
    ids = [
        "msg_01XFDUDYJgAACzvnptvVoYEL",
        "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        response_id(0, 0),
        response_id(0, 1),
    ]
    assert len({response_key(each) for each in ids} - {None}) == 4


def test_rows_give_back_the_traces_own_tokens() -> None:
    client = both()[1]
    (told,) = [trace for trace in settled(both()).values() if trace.trace_id == client.trace_id]
    calls = [llm_call_row(1, told.trace_id, call) for call in told.llm_calls]
    span = SpanRow(1, told.trace_id, b"s", b"", 1, 2, date(2027, 1, 1), "n", 1, 0, 1, b"d")
    read = derived_trace(trace_row(told, [span], None, ""), calls, ())
    assert (read.input_tokens, read.output_tokens) == (client.input_tokens, client.output_tokens) == (200, 20)
    assert [own_part(call) for call in read.llm_calls] == [own_part(call) for call in client.llm_calls]
    again = without_told(read, {(told.trace_id, call.span_id): trace_ids(0)[0] for call in told.llm_calls})
    assert (again.input_tokens, again.output_tokens) == (0, 0)


def own_part(call: LlmCall) -> tuple[Any, ...]:
    return call.span_id, call.start_unix_nano, call.end_unix_nano, call.response_key, call.told_by, call.told_in


def test_tool_calls_that_both_tell_are_told_once_with_what_either_knows() -> None:
    framework, client = both()
    (ran,) = framework.tool_calls
    asked_by = [trace.llm_calls[0].span_id for trace in (framework, client)]
    ran = replace(ran, call_id="toolu_1", asked_by=asked_by[0], result=None)
    reported = replace(ran, trace_id=client.trace_id, call_key="call:toolu_1", span_id=None, asked_by=asked_by[1])
    reported = replace(reported, result=ran.arguments)
    told = settled([replace(framework, tool_calls=(ran,)), replace(client, tool_calls=(reported,))])
    calls = [call for trace in told.values() for call in trace.tool_calls]
    assert [(call.trace_id, call.asked_by, call.asked_in) for call in calls] == [
        (framework.trace_id, asked_by[0], None)
    ]
    assert calls[0].result == ran.arguments


def refused(place: int, message: str, *, scope: str, start_ns: int = NOW) -> DerivedTrace:
    """A trace of one refused call of a model."""
    says: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": MODEL}
    says |= {"langsmith.span.kind": "llm"} if scope == "langsmith" else {}
    status = {"code": 2, "message": message}
    span = made(trace_ids(9)[place], 10, 99, "chat", says, start_ns, start_ns + 5 * MILLISECOND, status=status)
    return own(accepted([span], scope=scope))


def test_a_refused_call_counts_once_where_both_name_its_request() -> None:
    traces = [refused(0, REFUSED % REQUEST_ID, scope="langsmith"), refused(1, REQUEST_ERROR, scope=CLIENT_SCOPE)]
    assert all(may_belong_to_group(trace) for trace in traces)
    for order in itertools.permutations(traces):
        told = settled(list(order))
        assert sum(len(trace.counted_llm_calls) for trace in told.values()) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"message": REFUSED % "req_011CSHoEeqs5C35K2UUqR7Fz"},  # the next attempt
        {"message": "Error code: 429 - Slow down"},
        {"scope": "langsmith"},  # one library tells a call once
        {"start_ns": NOW + SECOND_NS},
    ],
)
def test_two_refused_calls_stay_two(other: dict[str, Any]) -> None:
    given: dict[str, Any] = {"message": REFUSED % REQUEST_ID, "scope": CLIENT_SCOPE} | other
    traces = [refused(0, REFUSED % REQUEST_ID, scope="langsmith"), refused(1, **given)]
    assert sum(len(trace.counted_llm_calls) for trace in settled(traces).values()) == 2


@pytest.mark.parametrize(
    "messages",
    [
        [],
        ["Error code: 429 - Slow down"],
        ["the request id is missing, or requestidentification failed"],
        ["Request ID: 8f0c6a52-8c1f-4f5e-9a7b-0c1d2e3f4a5b, after Request ID: 11111111-2222-3333-4444-555555555555"],
    ],
)
def test_messages_that_name_no_single_request(messages: list[str]) -> None:
    assert request_key(messages) is None


@pytest.mark.parametrize(
    "message",
    [
        "{'request_id': '8f0c6a52-8c1f-4f5e-9a7b'}",
        '{"requestId":"8f0c6a52-8c1f-4f5e-9a7b"}',
        "Please include the request ID 8f0c6a52-8c1f-4f5e-9a7b in your message.",
        "slow down (Request ID: 8f0c6a52-8c1f-4f5e-9a7b), request-id=8f0c6a52-8c1f-4f5e-9a7b",
    ],
)
def test_ways_of_naming_a_request(message: str) -> None:
    assert request_key([message]) == request_key(["request id 8f0c6a52-8c1f-4f5e-9a7b"]) is not None


def told_by_agent(place: int, *, is_logged: bool, start_ns: int = NOW, **tokens: int) -> DerivedTrace:
    """A trace of one call of a coding agent, which tells it by a span and by a log record of no trace."""
    says = {"codex.request.reasoning_effort": "low"} | {f"gen_ai.usage.{key}": count for key, count in tokens.items()}
    turn = made(trace_ids(9)[place], 1, 99, "run_turn", {"conversation.id": "c1"}, start_ns, start_ns)
    trace = own(accepted([turn, made(trace_ids(9)[place], 10, 1, "handle_responses", says, start_ns, start_ns)]))
    (call,) = trace.llm_calls
    return with_call(trace, told_by=f"{call.told_by} (log)") if is_logged else trace


def test_a_call_that_a_coding_agent_tells_by_span_and_record_counts_once() -> None:
    span = told_by_agent(0, is_logged=False, input_tokens=82, output_tokens=12)
    record = told_by_agent(1, is_logged=True, start_ns=NOW + SECOND_NS, input_tokens=82, output_tokens=17)
    record = with_call(record, reasoning_tokens=5)
    assert sum(len(trace.counted_llm_calls) for trace in settled([span, record]).values()) == 1


@pytest.mark.parametrize(
    ("input_tokens", "output_tokens", "is_logged", "delay_s"),
    [(83, 12, True, 0), (82, 13, True, 0), (82, 12, False, 0), (82, 12, True, 3)],
)
def test_calls_of_a_coding_agent_that_stay_two(
    input_tokens: int, output_tokens: int, is_logged: bool, delay_s: int
) -> None:
    start_ns, counts = NOW + delay_s * SECOND_NS, {"input_tokens": input_tokens, "output_tokens": output_tokens}
    one = told_by_agent(0, is_logged=False, input_tokens=82, output_tokens=12)
    other = told_by_agent(1, is_logged=is_logged, start_ns=start_ns, **counts)
    assert sum(len(trace.counted_llm_calls) for trace in settled([one, other]).values()) == 2
