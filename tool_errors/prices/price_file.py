"""Reads price files: the one that is shipped, and a user's that adds to it and replaces what it names again."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tool_errors.prices.price_table import Price, PriceTable, Rates, Vendor
from trace_store.exceptions import RainbarrelError

FILE_BYTES_MAX = 4 * 1024 * 1024
USD_MAX = 1_000_000  # per million tokens
_PICO = 1_000_000  # pico-USD per token of one USD per million tokens
_RATES = ("input", "output", "cached_input", "cache_write", "cache_write_1h")
_ENTRY = (*_RATES, "since", "source", "seen", "above")
_VENDOR = ("source", "seen", "providers", "or_vendors", "only_by_provider", "models")
_EXAMPLE = "see docs/prices.md for the format"


class BadPriceFile(RainbarrelError):
    """A price file cannot be used; the text says which entry and why."""


@lru_cache(maxsize=1)
def shipped_prices() -> PriceTable:
    """The table that comes with Rainbarrel."""
    return _read(files("tool_errors.prices").joinpath("prices.toml").read_text("utf-8"), "prices.toml", {})


def read_prices(path: Path | None) -> PriceTable:
    """The shipped table, extended by a user's file where there is one. Raises BadPriceFile."""
    if path is None:
        return shipped_prices()
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadPriceFile(f"The price file {path} has more than {FILE_BYTES_MAX} bytes.")
        text = path.read_text("utf-8")
    except OSError as error:
        raise BadPriceFile(f"The price file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadPriceFile(f"The price file {path} is not UTF-8 text.") from None
    return _read(text, str(path), shipped_prices().vendors)


def _read(text: str, where: str, known: Mapping[str, Vendor]) -> PriceTable:
    try:
        found = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadPriceFile(f"The price file {where} is not TOML: {error}.") from None
    except RecursionError:
        raise BadPriceFile(f"The price file {where} is nested too deeply.") from None
    try:
        _only(found, ("vendors",), "the file")
        sections = _table(found.get("vendors", {}), "vendors")
        vendors = dict(known)
        for name, section in sections.items():
            vendors[name.lower()] = _vendor(name.lower(), _table(section, f"vendors.{name}"), known.get(name.lower()))
        return PriceTable(vendors)
    except ValueError as error:
        raise BadPriceFile(f"The price file {where} has a fault: {error} ({_EXAMPLE}).") from None


def _vendor(name: str, section: Mapping[str, Any], known: Vendor | None) -> Vendor:
    where = f"vendors.{name}"
    _only(section, _VENDOR, where)
    source = _text(section.get("source", known.source if known else ""), f"{where}.source")
    seen = _text(section.get("seen", ""), f"{where}.seen")
    vendor = known or Vendor(name, source, (name,))
    providers = _texts(section.get("providers", ()), f"{where}.providers")
    or_vendors = _texts(section.get("or_vendors", ()), f"{where}.or_vendors")
    only_by_provider = section.get("only_by_provider", vendor.only_by_provider)
    if not isinstance(only_by_provider, bool):
        raise ValueError(f"{where}.only_by_provider must be true or false")
    models = dict(vendor.models)
    for model, entries in _table(section.get("models", {}), f"{where}.models").items():
        at = f'{where}.models."{model}"'
        entries = [entries] if isinstance(entries, dict) else entries
        if not isinstance(entries, list) or not entries:
            raise ValueError(f"{at} must be a list such as [{{ input = 1, output = 2 }}]")
        prices = [
            _price(name, model.lower(), entry, (source, seen), f"{at}, entry {n}") for n, entry in enumerate(entries, 1)
        ]
        days = [price.since or date.min for price in prices]
        if len(set(days)) < len(days):
            raise ValueError(f"{at} has two prices since the same day: all but one need a since")
        models[model.lower()] = tuple(sorted(prices, key=lambda price: price.since or date.min))
    return replace(
        vendor,
        source=source,
        providers=tuple(dict.fromkeys((*vendor.providers, name, *providers))),
        or_vendors=tuple(dict.fromkeys((*vendor.or_vendors, *or_vendors))),
        only_by_provider=only_by_provider,
        models=models,
    )


def _price(vendor: str, model: str, entry: Any, of_vendor: tuple[str, str], where: str) -> Price:
    entry = _table(entry, where)
    _only(entry, _ENTRY, where)
    since = entry.get("since")
    if since is not None and (not isinstance(since, date) or isinstance(since, datetime)):
        raise ValueError(f"{where}.since must be a day such as 2026-01-31")
    source = _text(entry.get("source", of_vendor[0]), f"{where}.source")
    seen = _text(entry.get("seen", of_vendor[1]), f"{where}.seen")
    if not source:
        raise ValueError(f"{where} needs a source, its own or its vendor's")
    limit = above = None
    if "above" in entry:
        tier = _table(entry["above"], f"{where}.above")
        _only(tier, (*_RATES, "input_tokens"), f"{where}.above")
        limit = tier.get("input_tokens")
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise ValueError(f"{where}.above needs a whole number such as input_tokens = 200000")
        above = _rates(tier, f"{where}.above")
    return Price(vendor, model, since, source, seen, _rates(entry, where), limit, above)


def _rates(entry: Mapping[str, Any], where: str) -> Rates:
    if "input" not in entry:
        raise ValueError(f"{where} needs the price of input, in USD per million tokens")
    rates = {key: _pico_usd(entry[key], f"{where}, {key}") for key in _RATES if key in entry}
    return Rates(**{"output": 0, **rates})  # embeddings have no output


def _pico_usd(value: Any, where: str) -> int:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise ValueError(f"{where} must be a number of USD per million tokens")
    price = Decimal(value)
    if not price.is_finite() or not 0 <= price <= USD_MAX:
        raise ValueError(f"{where} must be between 0 and {USD_MAX} USD per million tokens")
    if price * _PICO != int(price * _PICO):
        raise ValueError(f"{where} has more than 6 digits after the point")
    return int(price * _PICO)


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be a table")
    return value


def _only(found: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for key in found:
        if key not in allowed:
            raise ValueError(f"{where} has the unknown key {key!r}; known are {', '.join(allowed)}")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} must be text")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
        raise ValueError(f"{where} must be a list of texts")
    return tuple(item.lower() for item in value)
