"""Why a span became what it is: mark, source and rule of each fact, what stays unmapped."""

import json

import pytest

from tests.benchmarks.normalise import stored_spans
from tests.dialect_captures import scenarios
from tests.spans_by_hand import span
from tool_errors.rules import registry_for
from trace_store.dialects import BUILT_IN
from trace_store.dialects.explain import FACT_FIELDS, explain
from trace_store.spans import read_span

CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.response.model": "gpt-4-0613",
    "gen_ai.usage.input_tokens": 123,
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]),
    "acme.secret": 1,
}


def test_each_fact_names_its_key_and_its_dialect() -> None:
    told = explain(span(CHAT), (), BUILT_IN)
    assert (told.dialect, told.type, told.type_source) == ("otel_genai", "llm", "gen_ai.operation.name = chat")
    assert told.mark.startswith("attribute gen_ai.")
    found = {fact.fact: (fact.value, fact.source, fact.rule) for fact in told.facts}
    assert found["model"] == ("gpt-4-0613", "gen_ai.response.model", "otel_genai")
    assert found["input_tokens"] == (123, "gen_ai.usage.input_tokens", "otel_genai")
    assert found["input_text"] == ("hi", "gen_ai.input.messages", "otel_genai")
    assert told.unmapped == ("acme.secret",)


def test_a_key_of_another_dialect_names_that_dialect() -> None:
    told = explain(span({**CHAT, "session.id": "s-1"}), (), BUILT_IN)
    source = told.source_of("conversation_id")
    assert source is not None
    assert (source.value, source.source) == ("s-1", "session.id")
    assert source.rule not in ("", told.dialect)


def test_a_mapping_is_named_as_the_rule() -> None:
    text = '[[dialect]]\nname = "ours"\nfields = { user_id = "acme.secret" }'
    source = explain(span(CHAT), (), registry_for([("m.toml", text)], "")).source_of("user_id")
    assert source is not None
    assert (source.value, source.source, source.rule) == ("1", "acme.secret", "ours")


def test_a_tool_named_by_its_span_says_so() -> None:
    given = span({"gen_ai.operation.name": "execute_tool"}, name="execute_tool search")
    source = explain(given, (), BUILT_IN).source_of("tool_name")
    assert source is not None
    assert (source.value, source.source, source.rule) == ("search", "span name", "")


def test_an_unknown_span_has_unmapped_attributes_alone() -> None:
    told = explain(span({"http.route": "/"}), (), BUILT_IN)
    assert (told.dialect, told.mark, told.type, told.facts, told.unmapped) == ("", "", "other", (), ("http.route",))


@pytest.mark.parametrize("capture", scenarios(), ids=lambda path: path.parent.name + "/" + path.name)
def test_every_fact_of_a_capture_has_a_source(capture) -> None:
    for stored in stored_spans(capture):
        read = read_span(stored.otlp, stored.resource, stored.scope)
        explanation = explain(read, (), BUILT_IN)
        facts = BUILT_IN.normalise(read)
        assert explanation.dialect == (facts.dialect if facts else "")
        stated = [name for name in FACT_FIELDS if facts and getattr(facts, name) not in (None, ())]
        assert [fact.fact for fact in explanation.facts if fact.fact in FACT_FIELDS] == stated
        assert all(fact.source for fact in explanation.facts)
