"""Which events a request asks for: its parameters as conditions on interactions."""

from collections.abc import Sequence

from trace_store.interactions.interaction_filters import (
    TEXT_COLUMNS,
    Condition,
    any_failure,
    any_loop,
    failed_tools,
    loops_of,
    negated,
    tool_condition,
)
from web.query_api.answers import UnknownField
from web.query_api.parameters import (
    NUMBERS,
    SIGNAL_OPERATORS,
    Parameters,
    flag_conditions,
    number_conditions,
    property_conditions,
    text_conditions,
    time_conditions,
)
from web.query_api.signal_ids import Signals, signal_condition

FIELDS = (*TEXT_COLUMNS, "timestamp", "signal", "signal_group", "properties", "traits")
FIELDS += ("tool", "tool_error", "loop", *NUMBERS)


def needs_signals(parameters: Parameters) -> bool:
    """Whether the request names a signal or a group of them."""
    return any(one.field in ("signal", "signal_group") for one in parameters.given)


def event_conditions(parameters: Parameters, signals: Signals) -> list[Condition]:
    """All conditions of a request; BadRequest names a value that cannot be."""
    return [
        *time_conditions(parameters, "timestamp", "start_unix_nano"),
        *text_conditions(parameters),
        *property_conditions(parameters, "properties"),
        *property_conditions(parameters, "traits"),
        *number_conditions(parameters),
        *(tool_condition(one.value) for one in parameters.all("tool")),
        *flag_conditions(parameters, "tool_error", any_failure(), lambda tool: failed_tools([tool])),
        *flag_conditions(parameters, "loop", any_loop(), lambda tool: loops_of([tool])),
        *_signal_conditions(parameters, signals),
    ]


def _signal_conditions(parameters: Parameters, signals: Signals) -> Sequence[Condition]:
    found: list[Condition] = []
    for one in parameters.all("signal"):
        if one.operator not in SIGNAL_OPERATORS:
            raise UnknownField(f"signal takes no {one.operator}.", "signal", SIGNAL_OPERATORS)
        known = signals.by_id(one.value)
        (condition,) = signal_condition([known] if known else [])
        found.append(negated(condition) if one.operator == "neq" else condition)
    for one in parameters.all("signal_group"):
        found += signal_condition(signals.of_group(one.value))
    return found
