"""What the calls of models cost: each unique call once, by the price table, else by what its sender says.

A call whose model is in no price file and whose sender says nothing is unpriced; it never counts as 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tool_errors.findings import LlmCall
from tool_errors.prices.price_table import NANO_USD_MAX, PriceTable, Tokens

AS_SENT = "as sent"  # LlmCall.price of a call that its sender priced
UNNAMED = "(no model named)"


def priced(call: LlmCall, prices: PriceTable) -> LlmCall:
    """The call with its cost. A priced model whose call has no token counts costs an unknown amount, None."""
    price = prices.find(call.provider, call.model, call.start_unix_nano)
    if price is None:
        if call.sent_cost_nano_usd is None:
            return call
        return replace(call, cost_nano_usd=min(call.sent_cost_nano_usd, NANO_USD_MAX), price=AS_SENT)
    if call.input_tokens is None and call.output_tokens is None:
        return replace(call, price=price.name)
    tokens = Tokens(
        call.input_tokens or 0,
        call.output_tokens or 0,
        call.cached_tokens or 0,
        call.cache_write_tokens or 0,
        call.cache_write_1h_tokens or 0,
    )
    return replace(call, cost_nano_usd=price.cost_nano_usd(tokens), price=price.name)


def total_nano_usd(calls: Iterable[LlmCall]) -> int | None:
    """The sum over the priced calls; None when none is."""
    costs = [call.cost_nano_usd for call in calls if call.cost_nano_usd is not None]
    return min(sum(costs), NANO_USD_MAX) if costs else None


def unpriced_models(calls: Iterable[LlmCall]) -> tuple[str, ...]:
    """The models without a price, in order of appearance."""
    return tuple(dict.fromkeys(call.model or UNNAMED for call in calls if call.is_unpriced))


def spent_on(asking: Sequence[tuple[bytes, bytes]], costs: Mapping[tuple[bytes, bytes], int]) -> int | None:
    """What the named LLM calls cost together, each once; None when no cost of them is known."""
    known = [costs[key] for key in dict.fromkeys(asking) if key in costs]
    return min(sum(known), NANO_USD_MAX) if known else None


def usd(nano_usd: int | None) -> float | None:
    """Nano-USD as the US dollars of the JSON contract."""
    return None if nano_usd is None else nano_usd / 1e9
