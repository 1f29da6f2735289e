"""One span read through the table of its dialect."""

import math
from collections.abc import Mapping
from typing import Any

from trace_store.attributes import NOT_JSON, parse_json
from trace_store.dialects.dialect import Field, Kind
from trace_store.dialects.table import Table

# What stands for a value that was left out: logfire's for values that look secret, those of others for content.
SCRUBBED = ("[Scrubbed due to", "<REDACTED>", "[REDACTED]", "__REDACTED__")


class Reading:
    """One span's attributes, sorted by the field they lead to. `sources` says which key gave which field."""

    __slots__ = ("_found", "attributes", "flat_input", "flat_output", "sources", "table", "unmapped")

    def __init__(self, table: Table, attributes: Mapping[str, Any]) -> None:
        self.table = table
        self.attributes = attributes
        self.sources: dict[str, str] = {}
        self.unmapped: list[str] = []
        self.flat_input: dict[int, list[tuple[tuple[str, ...], str]]] = {}
        self.flat_output: dict[int, list[tuple[tuple[str, ...], str]]] = {}
        self._found: dict[str, list[tuple[int, str]]] = {}
        for key in attributes:
            field, rank, number, path = table.target(key)
            if rank:
                self._found.setdefault(field, []).append((rank, key))
            elif field == "flat_input":
                self.flat_input.setdefault(number, []).append((path, key))
            elif field == "flat_output":
                self.flat_output.setdefault(number, []).append((path, key))
            elif field == "unmapped":
                self.unmapped.append(key)
        for candidates in self._found.values():
            if len(candidates) > 1:
                candidates.sort()

    def value(self, field: Field) -> Any:
        """The most believed value that is set at all."""
        for _, key in self._found.get(field, ()):
            value = self.attributes[key]
            if value is not None and value != "" and not (isinstance(value, str) and value.startswith(SCRUBBED)):
                self.sources[field] = key
                return value
        return None

    def text(self, field: Field) -> str | None:
        """The most believed text; numbers count as text (ids are sometimes numbers)."""
        for _, key in self._found.get(field, ()):
            value = as_text(self.attributes[key])
            if value:
                self.sources[field] = key
                return value
        return None

    def count(self, field: Field) -> int | None:
        """The most believed number of tokens; NaN, negative and fractional ones are none."""
        for _, key in self._found.get(field, ()):
            value = as_count(self.attributes[key])
            if value is not None:
                self.sources[field] = key
                return value
        return None

    def kind(self) -> Kind | None:
        """What the span is, by the first marker whose value is known."""
        for key, values in self.table.kinds.items():
            value = self.attributes.get(key)
            if isinstance(value, str):
                kind = values.get(value.strip('"').lower())
                if kind is not None:
                    return kind
        for key, kind in self.table.name_kinds.items():
            if key in self.attributes:
                return kind
        return Kind("llm") if self.flat_output or self.flat_input else None


def as_text(value: Any) -> str | None:
    """A text or number as stripped text; None for everything else, for nothing and for scrubbed values."""
    if isinstance(value, str):
        value = value.strip()
        return None if not value or value.startswith(SCRUBBED) else value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def as_count(value: Any) -> int | None:
    """A number of tokens from an int, a whole double or its text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = parse_json(value)
        if value is NOT_JSON or isinstance(value, bool):
            return None
    if isinstance(value, float):
        if not math.isfinite(value) or value != int(value):
            return None
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 2**63 else None
