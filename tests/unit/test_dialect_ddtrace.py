"""ddtrace: what is inside the MessagePack, and what is when there is none."""

from typing import Any

import msgpack
import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(blob: Any, **attributes: Any) -> SpanFacts:
    packed = blob if isinstance(blob, bytes) else msgpack.packb(blob)
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


@pytest.mark.parametrize("blob", [b"", b"\xc1", b"\x81\x91\x01\x02", b"\x91" * 3000, msgpack.packb([1]), b"\xd6\xff"])
def test_what_is_no_message_pack_costs_nothing(blob: bytes) -> None:
    facts = facts_of(blob, **{"gen_ai.operation.name": "tool"})
    assert (facts.type, facts.tool_name) == ("tool", "op")


@pytest.mark.parametrize(("component", "provider"), [("openai", "openai"), ("fetch", None), (7, None)])
def test_the_client_that_was_traced_is_the_provider_where_none_is_told(component: Any, provider: str | None) -> None:
    told = {"_dd.llmobs.artificial_gen_ai_tags": "true", "gen_ai.operation.name": "llm"}
    facts = facts_of(b"", **told, **{"gen_ai.provider.name": "unknown", "component": component})
    assert (facts.type, facts.provider) == ("llm", provider)
