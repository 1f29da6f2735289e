"""OpenLIT: GenAI names, with what its scopes tell besides.

Source: github.com/openlit/openlit, sdk/python; seen with version 1.45. A trace per call unless the application opens a
span around. Messages of the assistant without a text are left out of the history, so that a result stands without
the name of its tool. Anthropic's and Bedrock's counts are written as these send them: input without what was cached.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect
from trace_store.model import Span

INPUT_TOKENS = "gen_ai.usage.input_tokens"
CACHED_TOKENS = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens")
SCOPE = "openlit.instrumentation."
EXCLUDE_CACHE = frozenset({SCOPE + "anthropic", SCOPE + "bedrock"})
LIBRARIES = (
    *("ai21", "anthropic", "azure_ai_inference", "bedrock", "cohere", "crewai", "google_ai_studio", "groq", "haystack"),
    *("langchain", "langgraph", "litellm", "llamaindex", "mistral", "ollama", "openai", "openai_agents", "premai"),
    *("reka", "sarvam", "smolagents", "strands", "together", "vertexai", "vllm"),
)


def _with_cache(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input with its cached parts, where the vendor counts them beside it."""
    if span.scope_name not in EXCLUDE_CACHE or not isinstance(told := attributes.get(INPUT_TOKENS), int):
        return {}
    cached = [count for key in CACHED_TOKENS if isinstance(count := attributes.get(key), int) and count > 0]
    return {INPUT_TOKENS: told + sum(cached)} if cached else {}


DIALECT = Dialect(
    name="openlit",
    scopes=frozenset({"openlit", "openlit.otel.tracing", *(SCOPE + library for library in LIBRARIES)}),
    known_prefixes=("openlit.", "telemetry.sdk.", "gen_ai.sdk.", "gen_ai.client.token."),
    rewrite=_with_cache,
)
