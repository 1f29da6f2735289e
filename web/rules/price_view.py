"""Prices as rows of a page, as JSON and as lines of a terminal. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tool_errors.prices.cost import AS_SENT, UNNAMED
from tool_errors.prices.price_table import Price, PriceTable, Rates
from trace_store.lists.price_reads import UnpricedModel

_KINDS = ("input", "cached_input", "cache_write", "cache_write_1h", "output")


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of the table: USD per million tokens as text, "" where the vendor has no such price."""

    vendor: str
    model: str
    since: str
    input: str
    cached_input: str
    cache_write: str
    cache_write_1h: str
    output: str
    condition: str  # "above 200,000 input tokens", or ""
    source: str
    seen: str


def price_rows(prices: Sequence[Price]) -> tuple[PriceRow, ...]:
    """The lines of these prices; one with a second tier has two."""
    rows = []
    for price in prices:
        rows.append(_row(price, price.rates, ""))
        if price.above is not None:
            rows.append(_row(price, price.above, f"above {price.above_input_tokens:,} input tokens"))
    return tuple(rows)


def matching(table: PriceTable, text: str) -> list[Price]:
    """The prices whose vendor or model has this text in its name, by vendor, model and date."""
    wanted = text.strip().lower()
    return [price for price in table if wanted in f"{price.vendor}/{price.model}"]


def price_json(price: Price) -> dict[str, Any]:
    """One price; USD per million tokens."""
    above = None if price.above is None else {"input_tokens": price.above_input_tokens, **_rates_json(price.above)}
    return {
        "vendor": price.vendor,
        "model": price.model,
        "since": None if price.since is None else price.since.isoformat(),
        "source": price.source,
        "seen": price.seen,
        **_rates_json(price.rates),
        "above": above,
    }


def unpriced_json(model: UnpricedModel) -> dict[str, Any]:
    """One model without a price."""
    return {
        "model": model.model or UNNAMED,
        "provider": model.provider,
        "calls": model.calls,
        "input_tokens": model.input_tokens,
        "output_tokens": model.output_tokens,
    }


def explained(price_name: str | None, table: PriceTable) -> str:
    """The price of a call in words, with its source where the entry is still in the table."""
    if price_name is None:
        return "nothing to be paid for"
    if not price_name:
        return "unpriced: the model is in no price file, and the sender says no cost"
    if price_name == AS_SENT:
        return "as sent: the model is in no price file, the sender says what the call cost"
    price = table.named(price_name)
    return price_name if price is None else f"{price_name}, {origin(price)}"


def origin(price: Price) -> str:
    """Where the vendor publishes a price, and where its figures were read."""
    return f"{price.source} (read in {price.seen})" if price.seen else price.source


def per_million(pico_usd: int | None) -> str:
    """Pico-USD per token as USD per million tokens: "0.075"; "" for no price."""
    if pico_usd is None:
        return ""
    whole, rest = divmod(pico_usd, 1_000_000)
    return f"{whole}.{f'{rest:06}'.rstrip('0').ljust(2, '0')}"


def _row(price: Price, rates: Rates, condition: str) -> PriceRow:
    shown = {kind: per_million(getattr(rates, kind)) for kind in _KINDS}
    since = "" if price.since is None else price.since.isoformat()
    return PriceRow(
        price.vendor, price.model, since, **shown, condition=condition, source=price.source, seen=price.seen
    )


def _rates_json(rates: Rates) -> dict[str, float | None]:
    found = {kind: getattr(rates, kind) for kind in _KINDS}
    return {kind: None if rate is None else rate / 1e6 for kind, rate in found.items()}
