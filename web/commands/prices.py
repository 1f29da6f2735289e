"""Show what calls of models cost: the whole price table, or which price each MODEL pays, and why."""

import argparse
import time
from dataclasses import astuple
from datetime import UTC, date, datetime
from typing import Any

from tool_errors.prices.model_names import spellings
from tool_errors.prices.price_file import read_prices
from tool_errors.prices.price_table import Price, PriceTable
from trace_store.exceptions import RainbarrelError
from web.command_output import print_json, text_table
from web.rules.price_view import PriceRow, origin, price_json, price_rows
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel prices
  rainbarrel prices gpt-4o-mini-2024-07-18 us.anthropic.claude-sonnet-4-20250514-v1:0
  rainbarrel prices llama-3.3-70b-versatile --provider groq --on 2026-01-31
  rainbarrel prices --prices my-prices.toml --json

USD per million tokens. Exit code 1 when a MODEL has no price. docs/prices.md explains the rules and the file.
"""
_HEAD = PriceRow(
    "VENDOR", "MODEL", "SINCE", "INPUT", "CACHED", "WRITE", "WRITE 1H", "OUTPUT", "HOLDS", "PUBLISHED BY", "READ IN"
)
_NUMBERS = range(3, 8)


def configure(parser: argparse.ArgumentParser) -> None:
    """Models, how to look them up, and the form of the output."""
    parser.add_argument("models", metavar="MODEL", nargs="*", help="a model's name, as spans have it; none: the table")
    parser.add_argument("--provider", metavar="NAME", help="the provider that spans name beside the model")
    parser.add_argument("--on", metavar="DAY", help="day of the call, such as 2026-01-31 (default: today)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_flags(parser, ["prices"])


def run(arguments: argparse.Namespace) -> int:
    """Print the table, or the price of each model."""
    table = read_prices(read_settings({"prices": arguments.prices}).prices)
    if not arguments.models:
        prices = list(table)
        if arguments.json:
            print_json({"prices": [price_json(price) for price in prices]})
        else:
            print(_lines(price_rows(prices)))
        return 0
    at = _unix_nano(arguments.on)
    found = [(model, table.find(arguments.provider, model, at)) for model in arguments.models]
    if arguments.json:
        print_json({"models": [_model_json(model, arguments.provider, price) for model, price in found]})
    else:
        print("\n".join(_told(model, arguments.provider, price, table) for model, price in found))
    return 0 if all(price for _, price in found) else 1


def _unix_nano(day: str | None) -> int:
    if day is None:
        return time.time_ns()
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise RainbarrelError(f"--on: {day!r} is no day such as 2026-01-31.") from None
    return int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()) * 1_000_000_000


def _model_json(model: str, provider: str | None, price: Price | None) -> dict[str, Any]:
    return {"model": model, "provider": provider, "price": None if price is None else price_json(price)}


def _told(model: str, provider: str | None, price: Price | None, table: PriceTable) -> str:
    where = f" at {provider}" if provider else ""
    if price is None:
        known = sorted(table.vendors)
        reason = f"looked up as {', '.join(spellings(model))} among {', '.join(known)}"
        return f"{model}{where}: unpriced ({reason})"
    lines = [f"{model}{where}: {price.name}, {origin(price)}"]
    for row in price_rows([price]):
        rates = [("input", row.input), ("cached", row.cached_input), ("cache write", row.cache_write)]
        rates += [("1 h cache write", row.cache_write_1h), ("output", row.output)]
        told = ", ".join(f"{name} {rate}" for name, rate in rates if rate)
        lines.append(f"  {row.condition + ': ' if row.condition else ''}{told} USD per million tokens")
    return "\n".join(lines)


def _lines(rows: tuple[PriceRow, ...]) -> str:
    return text_table([astuple(row) for row in (_HEAD, *rows)], _NUMBERS)
