"""The parameters of a request under /v1, as curl and the generated clients write them.

`field=value`, `field[operator]=value`, `properties[key][operator]=value`; numbers may be float text (`limit=50.0`),
times of facets are `timestamp.gte`, and a signal's operator stands alone (`neq=<id>`): one client sends it so.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from trace_store.interactions.interaction_filters import (
    TEXT_COLUMNS,
    Condition,
    as_number,
    negated,
    number_condition,
    property_condition,
    text_condition,
)
from web.lists.list_parameters import url_time
from web.query_api.answers import UnknownField
from web.requests.errors import BadRequest

LIMIT, LIMIT_MAX = 50, 500
PROJECT = "project"
TEXT_OPERATORS = ("eq", "neq", "startsWith", "endsWith", "contains")
NUMBER_OPERATORS = ("eq", "neq", "gt", "gte", "lt", "lte")
TIME_OPERATORS = ("gt", "gte", "lt", "lte")
SIGNAL_OPERATORS = ("eq", "neq")
COUNTS = ("tool_call_count", "error_count", "soft_error_count", "loop_count", "input_tokens", "output_tokens")
NUMBERS = {name: (name, 1.0) for name in (*COUNTS, "cost_usd")} | {"duration_ms": ("duration_ns", 1e6)}
_NAME = re.compile(r"([a-z_]+)((?:\[[^\[\]]*\]){0,2})(?:\.(gt|gte|lt|lte))?")
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no")


@dataclass(frozen=True, slots=True)
class Given:
    """One parameter: `field[keys...]=value`."""

    field: str
    keys: tuple[str, ...]
    value: str

    @property
    def operator(self) -> str:
        """The operator of a plain field; eq without one."""
        return self.keys[0] if self.keys else "eq"


@dataclass(frozen=True, slots=True)
class Parameters:
    """All parameters of a request, each known to its endpoint."""

    given: tuple[Given, ...]

    def text(self, field: str, default: str = "") -> str:
        """The last value of a plain field."""
        return next((one.value for one in reversed(self.given) if one.field == field and not one.keys), default)

    def all(self, field: str) -> Iterable[Given]:
        """Each time that a field is given."""
        return (one for one in self.given if one.field == field)

    def choice(self, field: str, known: Sequence[str]) -> str:
        """One of the known words; the first without one. BadRequest for another."""
        value = self.text(field) or known[0]
        if value not in known:
            raise UnknownField(f"{field}={value} is none of {', '.join(known)}.", field, known)
        return value

    def limit(self, default: int = LIMIT, most: int = LIMIT_MAX) -> int:
        """How many rows; at most `most`. BadRequest for what is no number from 1."""
        value = self.text("limit")
        if not value:
            return default
        number = as_number(value)
        if number is None or number < 1 or number != int(number):
            raise BadRequest(f"limit={value} is no whole number from 1 to {most}.")
        return min(int(number), most)

    def order(self, known: dict[str, str]) -> tuple[str, bool]:
        """(column, whether it descends) of `order_by`; `known` has columns by name, the default first."""
        value = self.text("order_by") or f"-{next(iter(known))}"
        column = known.get(value.removeprefix("-"))
        if column is None:
            raise UnknownField(
                f"order_by={value} is none of {', '.join(known)}, with or without a minus.", "order_by", [*known]
            )
        return column, value.startswith("-")


def read_parameters(found: QueryParams, fields: Iterable[str]) -> Parameters:
    """The parameters; UnknownField for one that the endpoint does not have."""
    allowed = set(fields)
    given = []
    for name, value in found.multi_items():
        if name == PROJECT:  # the gate has read it
            continue
        if name in SIGNAL_OPERATORS and "signal" in allowed:
            given.append(Given("signal", (name,), value))
            continue
        match = _NAME.fullmatch(name)
        if match is None or match[1] not in allowed:
            raise UnknownField(f"There is no parameter {name} here.", name, sorted(allowed))
        keys = [key for key in (*re.findall(r"\[([^\[\]]*)\]", match[2]), match[3]) if key]
        given.append(Given(match[1], tuple(keys), value.replace("\0", "")))
    return Parameters(tuple(given))


def text_conditions(parameters: Parameters, fields: Iterable[str] = tuple(TEXT_COLUMNS)) -> list[Condition]:
    """The conditions on text fields."""
    found = [one for field in fields for one in parameters.all(field)]
    return [text_condition(one.field, _operator(one, TEXT_OPERATORS), one.value) for one in found]


def time_conditions(parameters: Parameters, field: str, column: str) -> list[Condition]:
    """The conditions on a time: `field[gte]=2026-01-01T00:00:00Z` and the like."""
    found = []
    for one in parameters.all(field):
        at = url_time(field, one.value)
        if at is not None:
            found.append(number_condition(column, _operator(one, TIME_OPERATORS), at))
    return found


def number_conditions(parameters: Parameters) -> list[Condition]:
    """The conditions on counts, tokens, cost and duration."""
    found = []
    for field, (column, factor) in NUMBERS.items():
        for one in parameters.all(field):
            number = as_number(one.value)
            if number is None:
                raise BadRequest(f"{field}={one.value} is no number.")
            found.append(number_condition(column, _operator(one, NUMBER_OPERATORS), float(number) * factor))
    return found


def property_conditions(parameters: Parameters, field: str) -> list[Condition]:
    """The conditions on `properties[key]` or `traits[key]`, with or without an operator."""
    found = []
    for one in parameters.all(field):
        if not one.keys:
            raise BadRequest(f"{field} needs a key: {field}[plan]=pro.")
        key, operator = one.keys[0], one.keys[1] if len(one.keys) > 1 else "eq"
        if operator not in NUMBER_OPERATORS:
            raise UnknownField(f"{field}[{key}] has no operator {operator}.", field, NUMBER_OPERATORS)
        if operator not in SIGNAL_OPERATORS and as_number(one.value) is None:
            raise BadRequest(f"{field}[{key}][{operator}]={one.value} is no number.")
        found.append(property_condition(key, operator, one.value, of_user=field == "traits"))
    return found


def flag_conditions(
    parameters: Parameters, field: str, yes: Condition, named: Callable[[str], Condition]
) -> list[Condition]:
    """The conditions on `tool_error` or `loop`: true, false, or the name of a tool."""
    found = []
    for one in parameters.all(field):
        if one.value.lower() in _YES + _NO:
            found.append(yes if one.value.lower() in _YES else negated(yes))
        else:
            found.append(named(one.value))
    return [negated(c) if one.operator == "neq" else c for one, c in zip(parameters.all(field), found, strict=True)]


def _operator(one: Given, known: Sequence[str]) -> str:
    operator = one.keys[0] if one.keys else known[0] if known[0] == "eq" else ""
    if operator not in known or len(one.keys) > 1:
        raise UnknownField(
            f"{one.field} takes {', '.join(f'{one.field}[{name}]' for name in known)}.", one.field, known
        )
    return operator
