"""Token counts inside a JSON object: what a response, or an attribute made from one, says about its usage."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from trace_store.attributes import unwrap
from trace_store.dialects.reading import as_count

_HOLDERS = ("usage", "usageMetadata", "usage_metadata", "token_usage", "tokenUsage")
_ENVELOPES = ("response", "output", "result")
_PLACES_IN_RESPONSE = (*_HOLDERS, *_ENVELOPES)
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
_CACHE_WRITE = (
    "cache_creation_input_tokens",
    "cacheCreationInputTokens",
    "cacheWriteInputTokens",
    "cacheWriteTokens",
    "cache_write_tokens",
    "cache_creation",
)
_CACHE_WRITE_1H = ("ephemeral_1h_input_tokens",)
_REASONING = (
    "reasoning_tokens",
    "reasoningTokens",
    "reasoning_output_tokens",
    "reasoning",
    "thoughtsTokens",
    "thoughtsTokenCount",
    "thoughts_token_count",
)
_TOTAL = ("total_tokens", "totalTokens", "totalTokenCount", "total_token_count")
_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
    "inputTokenDetails",
)
_OF_OTHERS = frozenset({"total_tokens", "prompt_tokens"})
_ANTHROPIC_CACHE = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens"})
_DETAIL_KEYS = frozenset(_DETAILS)
_PLACES = (_INPUT, _OUTPUT, _CACHED, _REASONING, _CACHE_WRITE, _CACHE_WRITE_1H)  # in the order of `Counts`
_PLACE_OF = {key: (which, rank) for which, keys in enumerate(_PLACES) for rank, key in enumerate(keys)}
_TELLING_KEYS = frozenset(_PLACE_OF) | _DETAIL_KEYS


class Counts(NamedTuple):
    """Token counts; None where nothing says."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None

    def or_else(self, other: "Counts") -> "Counts":
        """These counts, and the other's where these say nothing."""
        if other is NO_COUNTS or None not in self:
            return self
        if self == NO_COUNTS:
            return other
        return Counts._make([theirs if ours is None else ours for ours, theirs in zip(self, other, strict=True)])

    def with_1h_apart(self) -> "Counts":
        """The same with input written to a cache for an hour told beside what is kept for minutes, not also inside."""
        if not (self.cache_write_1h_tokens and self.cache_write_tokens):
            return self
        return self._replace(cache_write_tokens=max(0, self.cache_write_tokens - self.cache_write_1h_tokens))

    def with_cache_inside(self, total_tokens: int | None, *, excludes_cache: bool) -> "Counts":
        """The same with an input that holds its cached parts.

        It does already unless the sender is known to leave them out, or the numbers show it: parts larger than the
        input, or a total that is the sum of all.
        """
        input_tokens, output_tokens, cached, _, written, written_1h = self
        parts = (cached or 0) + (written or 0) + (written_1h or 0)
        if not parts or input_tokens is None:
            return self
        everything = input_tokens + parts
        if excludes_cache or parts > input_tokens or total_tokens == everything + (output_tokens or 0):
            return self._replace(input_tokens=everything)
        return self

    def with_reasoning_inside(self, total_tokens: int | None) -> "Counts":
        """The same with an output that holds its reasoning; Gemini counts it beside, as a total that is the sum of all
        three shows."""
        input_tokens, output_tokens, _, reasoning, _, _ = self
        if not reasoning or not total_tokens or input_tokens is None or output_tokens is None:
            return self
        is_beside = total_tokens == input_tokens + output_tokens + reasoning
        return self._replace(output_tokens=output_tokens + reasoning) if is_beside else self


NO_COUNTS = Counts()


def counts_of(usage: Any) -> Counts:
    """The counts of a usage object, whole or as JSON."""
    if usage.__class__ is str:
        usage = unwrap(usage)
    return _counts(usage) if isinstance(usage, dict) else NO_COUNTS


def counts_in(value: Any) -> Counts:
    """The counts of the usage object in a response, or of nothing."""
    value = unwrap(value) if isinstance(value, str) and "oken" in value else value
    if not isinstance(value, dict):
        return NO_COUNTS
    for key in _PLACES_IN_RESPONSE:
        held = value.get(key)
        if isinstance(held, dict):
            return _counts(held) if key in _HOLDERS else counts_in(held)
    return NO_COUNTS


def _counts(usage: Mapping[str, Any]) -> Counts:
    if _TELLING_KEYS.isdisjoint(usage):
        return NO_COUNTS
    found: list[int | None] = [None] * len(_PLACES)
    _add_told(usage, found)
    if not _DETAIL_KEYS.isdisjoint(usage):
        for key in _DETAILS:
            if key in usage and isinstance(nested := usage[key], dict):
                _add_told(nested, found)
    by_duration = usage.get("cache_creation")  # Anthropic's: cache_creation_input_tokens by how long it is kept
    if isinstance(by_duration, dict):
        _add_told(by_duration, found)
    counts = Counts._make(found)
    if not (found[2] or found[3] or found[4] or found[5]):
        return counts
    if counts.cache_write_1h_tokens:
        counts = counts.with_1h_apart()
    # Anthropic's own usage leaves the cache out of the input and has no total; what others made of it has one.
    is_anthropic = "input_tokens" in usage and _OF_OTHERS.isdisjoint(usage) and not _ANTHROPIC_CACHE.isdisjoint(usage)
    total = None
    for key in _TOTAL:
        if key in usage and (total := as_count(usage[key])) is not None:
            break
    return counts.with_cache_inside(total, excludes_cache=is_anthropic).with_reasoning_inside(total)


def _add_told(source: Mapping[str, Any], found: list[int | None]) -> None:
    """Add the counts that stand in the object itself to those found so far, which are believed more; of several keys
    for one the first of its list counts."""
    ranks: dict[int, int] = {}
    for key in source:
        place = _PLACE_OF.get(key)
        if place is None:
            continue
        value = source[key]
        if value is None:
            continue
        count = value if value.__class__ is int and 0 <= value < 2**63 else as_count(value)
        which, rank = place
        if count is not None and (found[which] is None or rank < ranks.get(which, -1)):
            found[which], ranks[which] = count, rank
