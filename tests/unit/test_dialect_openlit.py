"""OpenLIT: counts of vendors that tell their cached input beside the input."""

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise

TOLD = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.usage.input_tokens": 50,
    "gen_ai.usage.cache_read.input_tokens": 32,
    "gen_ai.usage.cache_creation.input_tokens": 8,
    "openlit.agent.version_hash": "46f00ec8",
}


@pytest.mark.parametrize(
    ("library", "input_tokens"), [("anthropic", 90), ("bedrock", 90), ("openai", 50), ("langchain", 50)]
)
def test_the_input_holds_what_was_cached(library: str, input_tokens: int) -> None:
    facts = normalise(span(TOLD, scope_name=f"openlit.instrumentation.{library}"))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.unmapped) == ("openlit", "llm", ())
    assert (facts.input_tokens, facts.cached_tokens) == (input_tokens, 32)


def test_odd_counts_raise_nothing() -> None:
    odd = TOLD | {"gen_ai.usage.input_tokens": "many", "gen_ai.usage.cache_read.input_tokens": [1]}
    facts = normalise(span(odd, scope_name="openlit.instrumentation.anthropic"))
    assert facts is not None
    assert facts.input_tokens is None
