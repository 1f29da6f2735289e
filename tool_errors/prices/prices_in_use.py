"""The price table of this process: read once at its start, from the shipped file and the user's."""

from pathlib import Path

from tool_errors.prices.price_file import read_prices, shipped_prices
from tool_errors.prices.price_table import PriceTable

_in_use: list[PriceTable] = []


def use_prices(path: Path | None) -> None:
    """From now on this process prices calls with the shipped table and the file at `path`. Raises BadPriceFile."""
    _in_use[:] = [read_prices(path)]


def prices_in_use() -> PriceTable:
    """The table of `use_prices`; the shipped one where nobody said otherwise."""
    return _in_use[0] if _in_use else shipped_prices()
