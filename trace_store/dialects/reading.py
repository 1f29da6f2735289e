"""One span read through the table of its dialect."""

import math
from collections.abc import Mapping
from typing import Any

from trace_store.attributes import NOT_JSON, parse_json
from trace_store.dialects.dialect import Field, Kind
from trace_store.dialects.table import COUNTS_LENGTH, Layout

# What stands for a value that was left out: logfire's for values that look secret, those of others for content.
SCRUBBED = ("[Scrubbed due to", "<REDACTED>", "[REDACTED]", "__REDACTED__")
_HEADS = frozenset(text[:2] for text in SCRUBBED)  # how they begin; messages begin with `[{`
_LLM = Kind("llm")


class Reading:
    """One span's attributes, sorted by the field they lead to. `sources` says which key gave which field.

    A field that no key of the span leads to is not in `fields`; whoever asks for many fields looks there first.
    """

    __slots__ = ("attributes", "dialect", "fields", "layout", "sources")

    def __init__(self, layout: Layout, attributes: Mapping[str, Any]) -> None:
        self.layout = layout
        self.dialect = layout.table.dialect
        self.attributes = attributes
        self.fields = layout.fields
        self.sources: dict[str, str] = {}

    def value(self, field: Field) -> Any:
        """The most believed value that is set at all."""
        for key in self.fields.get(field, ()):
            value = self.attributes[key]
            if value.__class__ is str:
                if not value or (value[:2] in _HEADS and value.startswith(SCRUBBED)):
                    continue
            elif value is None:
                continue
            self.sources[field] = key
            return value
        return None

    def first(self, *fields: Field) -> Any:
        """The value of the first field that has one."""
        for field in fields:
            if field in self.fields:
                value = self.value(field)
                if value is not None:
                    return value
        return None

    def text(self, field: Field) -> str | None:
        """The most believed text; numbers count as text (ids are sometimes numbers)."""
        for key in self.fields.get(field, ()):
            text = self.attributes[key]
            if text.__class__ is str:
                text = text.strip()
                if not text or (text[:2] in _HEADS and text.startswith(SCRUBBED)):
                    continue
            elif text is None or (text := as_text(text)) is None:
                continue
            self.sources[field] = key
            return text
        return None

    def count(self, field: Field) -> int | None:
        """The most believed number of tokens; NaN, negative and fractional ones are none."""
        for key in self.fields.get(field, ()):
            value = self.attributes[key]
            if value.__class__ is not int or not 0 <= value < 2**63:
                value = as_count(value)
            if value is not None:
                self.sources[field] = key
                return value  # type: ignore[no-any-return]
        return None

    def counts(self) -> list[int | None]:
        """The most believed number of tokens of each kind, in the order of `Counts`."""
        found: list[int | None] = [None] * COUNTS_LENGTH
        attributes, sources = self.attributes, self.sources
        for place, field, key in self.layout.counts:
            value = attributes[key]
            if value.__class__ is int and 0 <= value < 2**63:
                sources[field] = key
                found[place] = value
            else:
                found[place] = self.count(field)
        return found

    def nano_usd(self, field: Field) -> int | None:
        """The most believed amount of US dollars, in nano-USD; nothing and 0 are no statement."""
        for key in self.fields.get(field, ()):
            value = self.attributes[key]
            if value and (amount := as_nano_usd(value)):
                self.sources[field] = key
                return amount
        return None

    def kind(self) -> Kind | None:
        """What the span is, by the first marker whose value is known."""
        for key, values in self.layout.kinds:
            value = self.attributes[key]
            if isinstance(value, str):
                kind = values.get(value) or values.get(value.strip('"').lower())
                if kind is not None:
                    return kind
        if self.layout.name_kind is not None:
            return self.layout.name_kind
        return _LLM if self.layout.flat_output or self.layout.flat_input else None


def as_text(value: Any) -> str | None:
    """A text or number as stripped text; None for everything else, for nothing and for scrubbed values."""
    if isinstance(value, str):
        value = value.strip()
        return value if value and (value[:2] not in _HEADS or not value.startswith(SCRUBBED)) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def as_nano_usd(value: Any) -> int | None:
    """An amount of US dollars as a number, its text or an object with a total; None when it is none of these."""
    if isinstance(value, str):
        value = parse_json(value)
    if isinstance(value, dict):
        value = value.get("total")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value * 1e9) if 0 < value < 1e9 else None


def as_count(value: Any) -> int | None:
    """A number of tokens from an int, a whole double or its text."""
    if value.__class__ is int:
        return value if 0 <= value < 2**63 else None
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
