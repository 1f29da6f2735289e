"""OpenLLMetry for LangChain.js: what the nodes of a graph tell of tool calls."""

import json
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tests.dialect_captures import CAPTURES, request_files
from tests.spans_by_hand import span
from tool_errors.inspect import derive_records
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts

SCOPE = "@traceloop/instrumentation-langchain"
CONVERSATION = {"traceloop.association.properties.session_id": "s"}


def message(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain_core", "messages", kind], "kwargs": kwargs}


ASKS = message("AIMessage", content="", tool_calls=[{"name": "find", "args": {"q": "x"}, "id": "c1"}])
TELLS = message("ToolMessage", content="7", name="find", tool_call_id="c1", status="success")
USER = message("HumanMessage", content="Find x")


def facts_of(output: Any, **attributes: Any) -> SpanFacts:
    made = span(
        {
            "gen_ai.operation.name": "workflow",
            "traceloop.span.kind": "workflow",
            "traceloop.entity.output": json.dumps(output),
            **(attributes or CONVERSATION),
        },
        scope_name=SCOPE,
    )
    facts = normalise(made)
    assert facts is not None
    assert (facts.dialect, facts.type) == ("traceloop_langchain", "chain")
    return facts


def test_a_command_that_adds_a_request() -> None:
    (call,) = facts_of({"output": [{"lg_name": "Command", "update": {"messages": [ASKS]}}]}).requested_calls
    assert (call.call_id, call.name, call.arguments and call.arguments.value) == ("c1", "find", {"q": "x"})


def test_a_node_that_answers() -> None:
    (call,) = facts_of({"messages": [TELLS]}).answered_calls
    assert (call.call_id, call.name, call.result and call.result.value) == ("c1", "find", "7")


def test_what_repeats_the_history_tells_nothing() -> None:
    for output in (
        {"messages": [USER, ASKS, TELLS]},
        {"output": [{"lg_name": "Send", "node": "tools", "args": {"messages": [USER, ASKS]}}]},
    ):
        facts = facts_of(output)
        assert (facts.requested_calls, facts.answered_calls) == ((), ())


def test_a_node_that_asks_the_model_was_given_the_results_that_end_its_history() -> None:
    older = message("ToolMessage", content="6", name="find", tool_call_id="c0", status="success")
    given = json.dumps({"messages": [USER, ASKS, older, ASKS, TELLS]})
    facts = facts_of({"messages": [ASKS]}, **{"traceloop.entity.input": given})
    assert [(call.call_id, call.result and call.result.value) for call in facts.answered_calls] == [("c1", "7")]
    assert [call.call_id for call in facts.requested_calls] == ["c1"]
    tool_node = facts_of({"messages": [TELLS]}, **{"traceloop.entity.input": given})
    assert len(tool_node.answered_calls) == 1


def test_odd_outputs() -> None:
    odd_outputs: list[Any] = [["tool_call"], {"output": "tool_call"}, {"output": [None, 1]}, {"messages": "tool_call"}]
    for output in odd_outputs:
        assert facts_of(output).requested_calls == ()
    for held in ('"ToolMessage"', '{"messages": "ToolMessage"}', '{"messages": ["ToolMessage", 1]}'):
        assert facts_of({"messages": [ASKS]}, **{"traceloop.entity.input": held}).answered_calls == ()
    odd_messages: list[Any] = [None, 1, {"id": "tool_call"}, {"id": []}, {"id": [1]}]
    for odd in odd_messages:
        assert facts_of({"messages": [odd, "tool_call"]}).requested_calls == ()


def test_a_run_without_association_properties_tells_each_call_once_and_by_its_name() -> None:
    spans = []
    for path in request_files(CAPTURES / "traceloop_langchain" / "js-traceloop-langchain-ids" / "S6"):
        for decoded in decode_file(path.read_bytes()):
            assert isinstance(decoded, DecodedTraces)
            spans += [sent._replace(otlp=without_ids(sent.otlp)) for sent in decoded.spans]
    traces = derive_records(spans, [])
    assert {trace.conversation_id for trace in traces} == {None}
    calls = [call for trace in traces for call in trace.tool_calls]
    assert sorted((call.name, call.call_id, call.verdict.status) for call in calls) == [
        ("charge_card", "call_S6_0_1", "error"),
        ("get_current_weather", "call_S6_0_0", "ok"),
    ]


def without_ids(otlp: bytes) -> bytes:
    sent = Span.FromString(otlp)
    kept = [attribute for attribute in sent.attributes if not attribute.key.startswith("traceloop.association")]
    del sent.attributes[:]
    sent.attributes.extend(kept)
    return bytes(sent.SerializeToString())
