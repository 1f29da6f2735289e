"""Token counts inside a JSON object: what a response, or an attribute made from one, says about its usage."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from trace_store.attributes import unwrap
from trace_store.dialects.reading import as_count

_HOLDERS = ("usage", "usageMetadata", "usage_metadata", "token_usage", "tokenUsage")
_ENVELOPES = ("response", "output", "result")
_INPUT = ("input_tokens", "inputTokens", "prompt_tokens", "promptTokens", "promptTokenCount", "prompt_token_count")
_OUTPUT = (
    "output_tokens",
    "outputTokens",
    "completion_tokens",
    "completionTokens",
    "candidatesTokenCount",
    "candidates_token_count",
)
_CACHED = (
    "cache_read_input_tokens",
    "cachedInputTokens",
    "cached_input_tokens",
    "cachedContentTokens",
    "cachedContentTokenCount",
    "cached_tokens",
    "cached_content_token_count",
    "cache_read",
)
_REASONING = (
    "reasoning_tokens",
    "reasoningTokens",
    "reasoning_output_tokens",
    "reasoning",
    "thoughtsTokens",
    "thoughtsTokenCount",
    "thoughts_token_count",
)
_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
)


class Counts(NamedTuple):
    """Token counts; None where nothing says."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None

    def or_else(self, other: "Counts") -> "Counts":
        """These counts, and the other's where these say nothing."""
        return Counts(*(theirs if ours is None else ours for ours, theirs in zip(self, other, strict=True)))


def counts_of(usage: Any) -> Counts:
    """The counts of a usage object, whole or as JSON."""
    usage = unwrap(usage)
    return _counts(usage) if isinstance(usage, dict) else Counts()


def counts_in(value: Any) -> Counts:
    """The counts of the usage object in a response, or of nothing."""
    value = unwrap(value) if isinstance(value, str) and "oken" in value else value
    if not isinstance(value, dict):
        return Counts()
    for key in (*_HOLDERS, *_ENVELOPES):
        held = value.get(key)
        if isinstance(held, dict):
            return _counts(held) if key in _HOLDERS else counts_in(held)
    return Counts()


def _counts(usage: Mapping[str, Any]) -> Counts:
    nested = [held for key in _DETAILS if isinstance(held := usage.get(key), dict)]
    return Counts(
        *(
            next((count for source in (usage, *nested) if (count := _first(source, keys)) is not None), None)
            for keys in (_INPUT, _OUTPUT, _CACHED, _REASONING)
        )
    )


def _first(source: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    for key in keys:
        if (value := source.get(key)) is not None and (count := as_count(value)) is not None:
            return count
    return None
