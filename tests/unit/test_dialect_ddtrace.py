"""ddtrace: what is inside the MessagePack, and what is when there is none."""

from typing import Any

import ormsgpack
import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(blob: Any, **attributes: Any) -> SpanFacts:
    packed = blob if isinstance(blob, bytes) else ormsgpack.packb(blob)
    facts = normalise(span({"_llmobs": packed, "operation.name": "op", **attributes}, name="tool"))
    assert facts is not None
    assert facts.dialect == "ddtrace"
    return facts


def test_a_workflow_and_a_retrieval() -> None:
    assert facts_of({"name": "w", "meta": {"span": {"kind": "workflow"}}}).type == "chain"
    documents = [{"text": "a"}]
    found = facts_of({"meta": {"span.kind": "retrieval", "output": {"documents": documents}}})
    assert found.type == "retriever"


def test_a_failed_call() -> None:
    meta = {"span": {"kind": "tool"}, "error": {"type": "builtins.ValueError", "message": "bad date"}}
    facts = facts_of({"name": "search", "meta": meta, "tags": {"user.id": "u1"}, "session_id": "s1"})
    assert (facts.tool_name, facts.user_id, facts.conversation_id) == ("search", "u1", "s1")
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("builtins.ValueError", "bad date")


@pytest.mark.parametrize("blob", [b"", b"\xc1", b"\x81\x91\x01\x02", b"\x91" * 3000, ormsgpack.packb([1]), b"\xd6\xff"])
def test_what_is_no_message_pack_costs_nothing(blob: bytes) -> None:
    facts = facts_of(blob, **{"gen_ai.operation.name": "tool"})
    assert (facts.type, facts.tool_name) == ("tool", "op")


@pytest.mark.parametrize(("component", "provider"), [("openai", "openai"), ("fetch", None), (7, None)])
def test_the_client_that_was_traced_is_the_provider_where_none_is_told(component: Any, provider: str | None) -> None:
    told = {"_dd.llmobs.artificial_gen_ai_tags": "true", "gen_ai.operation.name": "llm"}
    facts = facts_of(b"", **told, **{"gen_ai.provider.name": "unknown", "component": component})
    assert (facts.type, facts.provider) == ("llm", provider)


def test_tokens_that_no_attribute_repeats_are_read_from_the_blob() -> None:
    metrics = {"input_tokens": 9, "output_tokens": 4}
    blob = {"meta": {"span": {"kind": "llm"}}, "metrics": metrics}
    assert (facts_of(blob).input_tokens, facts_of(blob).output_tokens) == (9, 4)
    repeated = {"gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 4}
    assert (facts_of(blob, **repeated).input_tokens, facts_of(blob, **repeated).output_tokens) == (9, 4)
    metrics["cache_read_input_tokens"] = 5
    assert facts_of(blob, **repeated).cached_tokens == 5


def test_calls_and_results_keep_the_ids_that_the_blob_gives() -> None:
    call = {"name": "search", "arguments": {"q": "a"}, "tool_id": "c1", "type": "function"}
    result = {"name": "", "result": '{"hits": 2}', "tool_id": "c1", "type": "tool_result"}
    history = [
        {"role": "user", "content": "find a"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "", "tool_results": [result]},
    ]
    output = {"messages": [{"role": "assistant", "content": "", "tool_calls": [{**call, "tool_id": "c2"}]}]}
    facts = facts_of({"meta": {"span": {"kind": "llm"}, "input": {"messages": history}, "output": output}})
    assert facts.input_text == "find a"
    assert [(each.call_id, each.name) for each in facts.requested_calls] == [("c2", "search")]
    (answer,) = facts.answered_calls
    assert (answer.call_id, answer.name) == ("c1", "search")
    assert answer.result is not None
    assert answer.result.value == {"hits": 2}
    assert answer.arguments is not None
    assert answer.arguments.value == {"q": "a"}
