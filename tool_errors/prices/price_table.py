"""Which price a call pays: prices by vendor and model, each from a day on, and the rules that match names to them.

Money is counted in whole numbers: a price is pico-USD per token (a millionth of USD per million tokens), a cost is
nano-USD, rounded once per call. docs/prices.md has the rules in words.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import NamedTuple

from tool_errors.prices.model_names import spellings

NANO_USD_MAX = 2**63 - 1  # what a column holds


class Tokens(NamedTuple):
    """What one call used; the parts of the input do not overlap."""

    input: int  # all input, also what was read from a cache or written to it
    output: int
    cached: int = 0  # of the input: read from a cache
    cache_write: int = 0  # of the input: written to it
    cache_write_1h: int = 0  # of the input: written to be kept for an hour


@dataclass(frozen=True, slots=True)
class Rates:
    """Pico-USD per token; a kind of input without a rate of its own is None and paid as input."""

    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None

    def cost_nano_usd(self, tokens: Tokens) -> int:
        """What these tokens cost, rounded to whole nano-USD."""
        rest = tokens.input - tokens.cached - tokens.cache_write - tokens.cache_write_1h
        write = self.input if self.cache_write is None else self.cache_write
        write_1h = write if self.cache_write_1h is None else self.cache_write_1h
        pico_usd = (
            max(0, rest) * self.input
            + tokens.cached * (self.input if self.cached_input is None else self.cached_input)
            + tokens.cache_write * write
            + tokens.cache_write_1h * write_1h
            + tokens.output * self.output
        )
        return min((pico_usd + 500) // 1000, NANO_USD_MAX)


@dataclass(frozen=True, slots=True)
class Price:
    """One entry of a price file."""

    vendor: str
    model: str
    since: date | None  # None: the first price that is known of the model
    source: str
    seen: str  # where the figures were read; "" when the file does not say
    rates: Rates
    above_input_tokens: int | None = None
    above: Rates | None = None  # for all tokens of a call with more input than that

    @property
    def name(self) -> str:
        """What calls remember of the entry that priced them: "openai/gpt-4o", or "openai/o3 since 2025-06-10"."""
        since = "" if self.since is None else f" since {self.since.isoformat()}"
        return f"{self.vendor}/{self.model}{since}"

    def cost_nano_usd(self, tokens: Tokens) -> int:
        """What a call with these tokens costs."""
        if self.above is not None and self.above_input_tokens is not None and tokens.input > self.above_input_tokens:
            return self.above.cost_nano_usd(tokens)
        return self.rates.cost_nano_usd(tokens)


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who charges: the provider names that mean it, and its models."""

    name: str
    source: str
    providers: tuple[str, ...]
    or_vendors: tuple[str, ...] = ()  # whose prices hold for the models that it has no price of its own for
    only_by_provider: bool = False  # hosts models that others sell as well: never guessed from a model's name
    models: Mapping[str, tuple[Price, ...]] = field(default_factory=dict)  # by lower-case name; prices by date


_GATEWAYS = frozenset({"litellm", "openrouter"})  # providers that pass calls on to the vendor in the model's name


class PriceTable:
    """All vendors; made by tool_errors/prices/price_file.py."""

    def __init__(self, vendors: Mapping[str, Vendor]) -> None:
        self.vendors = vendors
        self._by_provider = {provider: name for name, vendor in vendors.items() for provider in vendor.providers}

    @cached_property
    def digest(self) -> str:
        """Names what the table says, whatever the layout of its files."""
        said = [asdict(self.vendors[name]) for name in sorted(self.vendors)]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:12]

    def __iter__(self) -> Iterator[Price]:
        for vendor in self.vendors.values():
            for prices in vendor.models.values():
                yield from prices

    def find(self, provider: str | None, model: str | None, start_unix_nano: int) -> Price | None:
        """The price of a model when a call of it starts; None when it is unpriced.

        A provider that is known decides the vendor. Without one, the vendor in the model's name does, else the first
        vendor that has the model; those who host other people's models are only found by provider. A provider that
        is in no price file (a local server) has no prices at all.
        """
        if not model:
            return None
        names = spellings(model)
        for vendor in self._vendors(provider, model):
            for name in names:
                if prices := vendor.models.get(name):
                    return _at(prices, start_unix_nano)
        return None

    def named(self, name: str) -> Price | None:
        """The entry with this `Price.name`; None when it is in the table no longer."""
        return next((price for price in self if price.name == name), None)

    def _vendors(self, provider: str | None, model: str) -> list[Vendor]:
        if provider:
            found = self._by_provider.get(provider.lower())
            if found is not None:
                vendor = self.vendors[found]
                return [vendor, *(self.vendors[name] for name in vendor.or_vendors if name in self.vendors)]
            if provider.lower() not in _GATEWAYS:
                return []
        path = model.lower().split("/")[:-1]
        for part in reversed(path):
            if (found := self._by_provider.get(part)) is not None:
                return [self.vendors[found]]
        return [vendor for vendor in self.vendors.values() if not vendor.only_by_provider]


def _at(prices: tuple[Price, ...], start_unix_nano: int) -> Price:
    """The latest price that has begun; the first for a call before all of them."""
    day = datetime.fromtimestamp(max(0, start_unix_nano) // 1_000_000_000, UTC).date()
    begun = [price for price in prices if price.since is None or price.since <= day]
    return begun[-1] if begun else prices[0]
