"""From spans and judged facts to one trace: unique calls, tokens, links between calls, texts."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialect_captures import CAPTURES, read_capture, scenarios
from tests.facts_by_hand import TRACE_ID, TraceByHand, answered, asked, node, span_id
from tool_errors.derive import derive
from tool_errors.findings import DerivedTrace
from tool_errors.judged import from_row, judge_facts, to_row
from trace_store.assembly import version_of
from trace_store.dialects import normalise
from trace_store.facts import UNREAD, Failure, Payload

RATE_LIMIT = Failure("span_status", "status.message", "RateLimitError", "slow down")


def test_a_trace_without_spans_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one span"):
        derive([], [], live=False)


def test_spans_that_no_dialect_knows_are_there() -> None:
    derived = derive([node(1), node(2, 1, status_code=2), node(3, 9)], [], live=False)
    assert [(span.name, span.type, span.dialect, span.depth) for span in derived.spans] == [
        ("s1", "other", None, 0),
        ("s2", "other", None, 1),
        ("s3", "other", None, 1),
    ]
    assert derived.roots == (span_id(1), span_id(3))
    assert (derived.failed_span_count, derived.tool_calls, derived.steps) == (1, (), "")


# LLM calls ---------------------------------------------------------------------------------------------------------


def test_framework_client_and_sdk_spans_of_one_call_are_one() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", start=0, end=9, input_tokens=100, output_tokens=10, is_aggregate=True)
    outer = trace.add("llm", agent, start=1, end=8, model="gpt")
    client = trace.add("llm", outer, start=2, end=7, model="gpt-1", input_tokens=100, output_tokens=10)
    trace.add("llm", client, start=3, end=6, response_id="r1", model="gpt-1")
    derived = trace.derive()
    (call,) = derived.llm_calls
    assert (call.span_id, len(call.span_ids), call.model) == (span_id(outer), 3, "gpt-1")
    assert (derived.input_tokens, derived.output_tokens) == (100, 10)


def test_siblings_with_one_response_id_are_one_call_only_when_they_overlap() -> None:
    trace = TraceByHand()
    for second in (1, 1, 5):
        trace.add("llm", start=second, end=second + 2, response_id="same", model="m", input_tokens=7)
    assert [len(call.span_ids) for call in trace.derive().llm_calls] == [2, 1]


def test_siblings_of_two_instrumentations_without_response_ids() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", start=0, end=9)
    trace.add("llm", agent, start=1, end=5, model="m", failure=RATE_LIMIT)
    inner = trace.add("llm", agent, start=2, end=4, model="m", failure=RATE_LIMIT)
    facts = dataclasses.replace(trace.judged[inner - 1].facts, dialect="another")
    trace.judged[inner - 1] = dataclasses.replace(trace.judged[inner - 1], facts=facts)
    assert len(trace.derive().llm_calls) == 1


def test_siblings_of_two_instrumentations_whose_clocks_disagree_are_paired_with_the_nearest() -> None:
    """Clocks of JavaScript begin a span at whole milliseconds: two reports of one call cross each other."""
    trace = TraceByHand()
    agent = trace.add("agent", start=0, end=200)
    others = [trace.add("llm", agent, start=start, end=start + 80, model="m") for start in (10, 100)]
    for start in (11, 101):
        trace.add("llm", agent, start=start, end=start + 81, model="m", input_tokens=5)
    for number in others:
        facts = dataclasses.replace(trace.judged[number - 1].facts, dialect="another")
        trace.judged[number - 1] = dataclasses.replace(trace.judged[number - 1], facts=facts)
    derived = trace.derive()
    assert [len(call.span_ids) for call in derived.llm_calls] == [2, 2]
    assert derived.input_tokens == 10


def test_calls_made_at_the_same_time_are_joined_each_with_its_own_report() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", start=0, end=90)
    outer = [trace.add("llm", agent, start=1, end=end, model="m") for end in (50, 80)]
    inner = [trace.add("llm", agent, start=2, end=end, model="m") for end in (49, 79)]
    for number in inner:
        facts = dataclasses.replace(trace.judged[number - 1].facts, dialect="another")
        trace.judged[number - 1] = dataclasses.replace(trace.judged[number - 1], facts=facts)
    joined = {frozenset(call.span_ids) for call in trace.derive().llm_calls}
    assert joined == {frozenset(map(span_id, pair)) for pair in zip(outer, inner, strict=True)}


def told_by_another(trace: TraceByHand, number: int) -> None:
    facts = dataclasses.replace(trace.judged[number - 1].facts, dialect="another")
    trace.judged[number - 1] = dataclasses.replace(trace.judged[number - 1], facts=facts)


@pytest.mark.parametrize(
    "told",
    [
        {"input_tokens": 7, "output_tokens": 2, "requested_calls": (asked("c1", "t"),)},
        {"input_tokens": 7, "output_tokens": 2, "output_text": "hi"},
        {"input_text": "hi?", "failure": RATE_LIMIT},
    ],
    ids=str,
)
def test_calls_that_two_instrumentations_tell_below_spans_of_their_own(told: dict[str, Any]) -> None:
    trace = TraceByHand()
    parents = [trace.add("chain", start=0, end=90) for _ in range(2)]
    for start in (10, 12):  # two calls at the same time with the same answer
        trace.add("llm", parents[0], start=start, end=start + 20, model="m", response_id=f"r{start}", **told)
    for start in (11, 13):
        told_by_another(trace, trace.add("llm", parents[1], start=start, end=start + 20, model="m", **told))
    assert [len(call.span_ids) for call in trace.derive().llm_calls] == [2, 2]
    told_by_another(trace, trace.add("llm", parents[1], start=50, end=60, model="m", **told))  # a later call
    assert [len(call.span_ids) for call in trace.derive().llm_calls] == [2, 2, 1]


def test_tools_that_two_instrumentations_tell_below_spans_of_their_own() -> None:
    trace = TraceByHand()
    parents = [trace.add("chain", start=0, end=90) for _ in range(2)]
    for start in (10, 20, 30):
        trace.add("tool", parents[0], start=start, end=start + 5, tool_name="t", arguments={"q": 1}, failure=RATE_LIMIT)
        other = trace.add("tool", parents[1], start=start + 1, end=start + 5, tool_name="t", arguments={"q": 1})
        told_by_another(trace, other)
    trace.add("tool", parents[0], start=30, end=35, tool_name="t", arguments={"q": 2}, result="fine")
    derived = trace.derive()
    assert [len(call.span_ids) for call in derived.tool_calls] == [2, 2, 2, 1]
    assert [call.verdict.status for call in derived.tool_calls] == ["error", "error", "error", "ok"]


def test_attempts_are_calls_of_their_own_and_their_wrapper_is_none() -> None:
    trace = TraceByHand()
    outer = trace.add("llm", start=0, end=9, model="m", input_tokens=5)
    for second in (1, 3):
        trace.add("llm", outer, start=second, end=second + 1, model="m", failure=RATE_LIMIT)
    trace.add("llm", outer, start=6, end=8, model="m", input_tokens=5)
    derived = trace.derive()
    assert [call.error_type for call in derived.llm_calls] == [None, "RateLimitError", "RateLimitError"]
    assert derived.input_tokens == 5
    assert derived.steps == "LXX"


def test_a_model_called_by_a_tool_of_another_model_is_a_call_of_its_own() -> None:
    trace = TraceByHand()
    outer = trace.add("llm", start=0, end=9, model="m", input_tokens=5)
    tool = trace.add("tool", outer, start=1, end=8, tool_name="ask")
    trace.add("llm", tool, start=2, end=7, model="m", input_tokens=3)
    assert trace.derive().input_tokens == 8


def test_sums_count_where_nothing_below_tells_the_parts() -> None:
    trace = TraceByHand()
    root = trace.add("agent", start=0, end=9, input_tokens=30, is_aggregate=True)
    step = trace.add("chain", root, start=1, end=8, input_tokens=30, is_aggregate=True)
    trace.add("llm", step, start=2, end=3, model="m")
    assert trace.derive().input_tokens == 30
    trace.add("llm", step, start=4, end=5, model="m", input_tokens=12)
    assert trace.derive().input_tokens == 12


def test_a_run_without_calls_of_models_stands_for_them_where_it_names_model_and_tokens() -> None:
    trace = TraceByHand()
    run = trace.add("agent", start=0, end=9, model="gpt-4o-mini", input_tokens=30, output_tokens=2, is_aggregate=True)
    trace.add("tool", run, start=2, end=3, tool_name="a")
    derived = trace.derive()
    (call,) = derived.llm_calls
    assert (call.span_id, call.model, call.input_tokens, call.output_tokens) == (span_id(run), "gpt-4o-mini", 30, 2)
    assert (derived.input_tokens, derived.output_tokens) == (30, 2)
    assert call.price
    trace.add("llm", run, start=4, end=5, model="m")
    assert [call.model for call in trace.derive().llm_calls] == ["m"]


def test_a_run_that_names_no_model_is_no_call() -> None:
    trace = TraceByHand()
    trace.add("agent", start=0, end=9, input_tokens=30, is_aggregate=True)
    derived = trace.derive()
    assert (derived.llm_calls, derived.input_tokens) == ((), 30)


# tool calls --------------------------------------------------------------------------------------------------------


def test_client_and_server_spans_of_one_tool_call_are_one_with_the_failure_of_the_inner() -> None:
    trace = TraceByHand()
    outer = trace.add("tool", start=0, end=5, tool_name="lookup", arguments={"id": 1})
    middle = trace.add("chain", outer, start=1, end=4)
    trace.failing_tool("lookup", None, "no such id", middle, start=2, end=3)
    (call,) = trace.derive().tool_calls
    assert (call.span_id, call.verdict.status, call.verdict.message) == (span_id(outer), "error", "no such id")


def test_an_outer_span_with_a_good_result_has_the_last_word() -> None:
    trace = TraceByHand()
    outer = trace.add("tool", start=0, end=5, tool_name="lookup", result={"found": 1})
    trace.failing_tool("lookup", None, "first server away", outer, start=1, end=2)
    assert [call.verdict.status for call in trace.derive().tool_calls] == ["ok"]


def test_span_request_and_answer_of_one_call_id_are_one_call() -> None:
    trace = TraceByHand()
    first = trace.add("llm", model="m", requested_calls=(asked("c1", "lookup", {"id": 1}),))
    tool = trace.add("tool", tool_name="lookup", tool_call_id="c1")
    for _ in range(2):  # a retry is given the same history
        trace.add("llm", model="m", answered_calls=(answered("c1", "lookup", {"error": "no such id"}),))
    (call,) = trace.derive().tool_calls
    assert (call.span_id, call.asked_by, call.call_id) == (span_id(tool), span_id(first), "c1")
    assert (call.verdict.status, call.verdict.path) == ("soft_error", "messages.result.error")
    assert call.arguments is not None
    assert call.arguments.value == {"id": 1}


def test_a_model_that_counts_its_call_ids_from_zero_in_each_answer() -> None:
    trace = TraceByHand()
    for number in range(4):
        given = (answered("call_0", "lookup", f"found {number - 1}"),) if number else ()
        wanted = (asked("call_0", "lookup", {"id": number}),) if number < 3 else ()
        trace.add("llm", model="m", answered_calls=given, requested_calls=wanted)
        if number < 3:
            trace.add("tool", tool_name="lookup", tool_call_id="call_0", arguments={"id": number})
    calls = trace.derive().tool_calls
    assert [call.asked_by for call in calls] == [span_id(1), span_id(3), span_id(5)]
    assert [call.result and call.result.value for call in calls] == ["found 0", "found 1", "found 2"]


def test_parallel_calls_without_call_ids_are_told_apart_by_their_arguments() -> None:
    trace = TraceByHand()
    wanted = (asked("a", "weather", {"city": "Boston"}), asked("b", "weather", {"city": "Oslo"}))
    trace.add("llm", model="m", requested_calls=wanted)
    oslo = trace.failing_tool("weather", "Oslo", "no station", start=3, end=4)
    boston = trace.add("tool", start=3.5, end=4, tool_name="weather", arguments="Boston", result="22")
    calls = trace.derive().tool_calls
    assert [(call.span_id, call.call_id) for call in calls] == [(span_id(oslo), "b"), (span_id(boston), "a")]
    assert [call.arguments.value for call in calls if call.arguments] == [{"city": "Oslo"}, {"city": "Boston"}]


def test_calls_without_spans_are_recovered_from_messages() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", requested_calls=(asked("c1", "a", {"x": 1}), asked("", "b"), asked("c3", "c")))
    answers = (answered("c1", "a", "Error: boom"), answered("", "b", "fine"))
    trace.add("llm", model="m", answered_calls=answers)
    calls = trace.derive().tool_calls
    assert [(call.name, call.verdict.status) for call in calls] == [
        ("a", "soft_error"),
        ("b", "ok"),
        ("c", "unanswered"),
    ]
    assert [call.call_key for call in calls] == ["call:c1", f"asked:{span_id(1).hex()}:1", "call:c3"]
    assert [call.verdict.status for call in trace.derive(live=True).tool_calls] == ["soft_error", "ok", "pending"]


def test_an_answer_whose_request_lies_in_another_trace_is_a_call() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", answered_calls=(answered("c1", "a", "Error: boom", {"x": 1}),))
    (call,) = trace.derive().tool_calls
    assert (call.call_key, call.name, call.asked_by, call.verdict.status) == ("call:c1", "a", None, "soft_error")


def test_a_tool_by_its_name_with_and_without_the_server() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", requested_calls=(asked("", "mcp__crm__lookup", {"id": 1}),))
    trace.add("tool", tool_name="lookup", arguments={"id": 1})
    (call,) = trace.derive().tool_calls
    assert call.asked_by == span_id(1)


def test_a_tool_span_that_never_ended() -> None:
    trace = TraceByHand()
    trace.add("tool", tool_name="lookup")
    trace.nodes[0] = trace.nodes[0]._replace(end_unix_nano=0)
    assert [call.verdict.status for call in trace.derive(live=True).tool_calls] == ["pending"]
    assert [call.verdict.status for call in trace.derive(live=False).tool_calls] == ["unanswered"]


def test_a_failure_is_recovered_when_the_tool_worked_later_for_the_same_purpose() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", requested_calls=(asked("a", "t", {"x": 1}), asked("b", "t", {"x": 2})))
    trace.failing_tool("t", {"x": 1}, "late", start=3, end=4, tool_call_id="a")
    trace.add("tool", tool_name="t", start=3, end=4, tool_call_id="b", arguments={"x": 2}, result="fine")
    assert [call.recovered for call in trace.derive().tool_calls] == [False, False]  # other work of the same round
    trace.add("llm", start=5, end=6, model="m", requested_calls=(asked("c", "t", {"x": 1, "y": True}),))
    trace.add("tool", tool_name="t", start=7, end=8, tool_call_id="c", arguments={"x": 3}, result="fine")
    assert [call.recovered for call in trace.derive().tool_calls] == [False, False, False]  # other work
    trace.add("tool", tool_name="t", start=9, end=10, arguments={"x": 1}, result="fine")
    assert [call.recovered for call in trace.derive().tool_calls] == [True, False, False, False]


# texts and ids -----------------------------------------------------------------------------------------------------


def test_question_and_answer() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", input_text="where is it?", requested_calls=(asked("", "t"),), output_text="let me see")
    assert (trace.derive().input, trace.derive().output) == ("where is it?", None)
    trace.add("llm", model="m", input_text="where is it?", output_text="in Oslo")
    assert trace.derive().output == "in Oslo"
    trace.add("agent", start=0, end=20, input_text="where is order 7?", output_text="It is in Oslo.", agent_name="a")
    derived = trace.derive()
    assert (derived.input, derived.output, derived.agents) == ("where is order 7?", "It is in Oslo.", ("a",))
    assert derived.search_text.splitlines()[:3] == ["s3", "where is order 7?", "it is in oslo."]


def test_a_model_call_around_others_answers_after_them() -> None:
    trace = TraceByHand()
    outer = trace.add("llm", start=0, end=9, model="m", response_id="r-2", output_text="in Oslo")
    trace.add("llm", outer, start=1, end=2, model="m", response_id="r-1", requested_calls=(asked("c", "t"),))
    trace.add("tool", outer, start=3, end=4, tool_name="t", result="Oslo")
    assert trace.derive().output == "in Oslo"
    trace = TraceByHand()
    outer = trace.add("llm", start=0, end=9, model="m", response_id="r-2", failure=Failure("span_status", "", "", "no"))
    trace.add("llm", outer, start=1, end=2, model="m", response_id="r-1", output_text="let me see")
    assert trace.derive().output is None


def test_ids_are_inherited_downwards_and_found_below() -> None:
    trace = TraceByHand()
    root = trace.add("chain", start=0, end=9)
    agent = trace.add("agent", root, start=1, end=9, user_id="u", conversation_id="c", interaction_id="i")
    trace.add("llm", agent, start=2, end=3, model="m")
    trace.add("tool", agent, start=4, end=5, tool_name="t")
    derived = trace.derive()
    assert (derived.user_id, derived.conversation_id, derived.interaction_ids) == ("u", "c", ("i",))
    assert derived.llm_calls[0].interaction_id == derived.tool_calls[0].interaction_id == "i"


def test_long_and_strange_names_are_bounded() -> None:
    trace = TraceByHand()
    trace.add("tool", tool_name="t" * 10_000, tool_call_id="\0", result="r\0" * 1000, conversation_id="\0c")
    derived = trace.derive()
    (call,) = derived.tool_calls
    assert len(call.name.encode()) <= 400
    assert "\0" not in f"{call.call_id}{derived.conversation_id}{call.result and call.result.preview}"


# properties --------------------------------------------------------------------------------------------------------


def unread(value: Any) -> Any:
    """A derived trace without what rows do not hold: payload values and full texts."""
    if isinstance(value, Payload):
        return Payload(value.digest, value.preview, UNREAD)
    if isinstance(value, tuple):
        return tuple(unread(item) for item in value)
    if dataclasses.is_dataclass(value):
        found = {field.name: unread(getattr(value, field.name)) for field in dataclasses.fields(value)}
        if isinstance(value, DerivedTrace):
            found |= {"input": value.input_preview, "output": value.output_preview}
        return dataclasses.replace(value, **found)  # type: ignore[type-var]
    return value


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in scenarios() if any(scenario.glob("*.traces.*"))],  # log records alone have no spans here
    ids=lambda path: str(path.relative_to(CAPTURES)),
)
def test_rows_give_the_same_trace_as_fresh_facts_in_any_order(scenario: Path) -> None:
    nodes, judged = {}, {}
    for span, logs in read_capture(scenario):
        added = node(0)._replace(
            trace_id=TRACE_ID,
            span_id=span.span_id,
            parent_span_id=span.parent_span_id,
            start_unix_nano=span.start_unix_nano,
            end_unix_nano=span.end_unix_nano,
            name=span.name,
            status_code=span.status_code,
        )
        facts = normalise(span, logs)
        nodes[span.span_id] = added
        if facts is not None:
            judged[span.span_id] = judge_facts(facts, version_of(added))
    fresh = derive(list(nodes.values()), judged.values(), live=False)
    rows = [to_row(item) for item in judged.values()]
    back = [from_row(row) for row in rows]
    assert derive(list(nodes.values()), back, live=False) == unread(fresh)
    shuffled, doubled = list(nodes.values()), [*judged.values(), *judged.values()]
    random.Random(7).shuffle(shuffled)
    random.Random(8).shuffle(doubled)
    assert derive([*shuffled, *shuffled], doubled, live=False) == fresh
    live = derive(list(nodes.values()), judged.values(), live=True)
    if not live.loops and all(call.verdict.status != "pending" for call in live.tool_calls):  # see `settle_unchanged`
        assert dataclasses.replace(live, live=False, run_ended_well=fresh.run_ended_well) == fresh


names = st.sampled_from(["a", "b", "srv__a"])
call_ids = st.sampled_from(["", "c1", "c2", "c3"])
values = st.sampled_from([None, {"x": 1}, {"x": 2}, "1", {"error": "late"}, "Error: late"])
spans = st.fixed_dictionaries(
    {
        "type_": st.sampled_from(["llm", "llm", "tool", "tool", "agent", "chain"]),
        "parent": st.integers(0, 8),
        "start": st.integers(0, 6),
        "length": st.integers(0, 4),
        "name": names,
        "call_id": call_ids,
        "arguments": values,
        "result": values,
        "asked": st.lists(st.tuples(call_ids, names, values), max_size=3),
        "answered": st.lists(st.tuples(call_ids, names, values), max_size=3),
        "response_id": st.sampled_from([None, "r"]),
        "is_aggregate": st.booleans(),
        "tokens": st.sampled_from([None, 3]),
        "failed": st.booleans(),
    }
)


def build(drawn: list[dict[str, Any]]) -> TraceByHand:
    trace = TraceByHand()
    for item in drawn:
        facts: dict[str, Any] = {"input_tokens": item["tokens"], "is_aggregate": item["is_aggregate"]}
        if item["failed"]:
            facts["failure"] = RATE_LIMIT
        if item["type_"] == "tool":
            facts |= {"tool_name": item["name"], "tool_call_id": item["call_id"] or None}
            facts |= {"arguments": item["arguments"], "result": item["result"]}
        else:
            facts |= {"model": "m", "response_id": item["response_id"]}
            facts["requested_calls"] = tuple(asked(*call) for call in item["asked"])
            facts["answered_calls"] = tuple(answered(*call) for call in item["answered"])
        trace.add(item["type_"], item["parent"], start=item["start"], end=item["start"] + item["length"], **facts)
    return trace


@settings(deadline=None)
@given(st.lists(spans, min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_any_trace_is_derived_the_same_from_any_order(drawn: list[dict[str, Any]], shuffle: random.Random) -> None:
    trace = build(drawn)
    derived = trace.derive()
    keys = [call.call_key for call in derived.tool_calls]
    assert len(set(keys)) == len(keys)
    reported = [span for call in derived.tool_calls for span in call.span_ids]
    assert len(set(reported)) == len(reported)
    shuffle.shuffle(trace.nodes)
    shuffle.shuffle(trace.judged)
    assert trace.derive() == derived
    trace.judged = [from_row(to_row(item)) for item in trace.judged]
    assert trace.derive() == unread(derived)
