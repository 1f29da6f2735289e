"""Which conditions on interactions the hourly roll-ups can tell, and how: as values of a dimension."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trace_store.interactions.interaction_filters import SQL, Condition, is_of_time

DIMENSIONS = ("event_name", "model", "release", "environment")  # the columns that are rolled up
_OF_VALUE = (SQL.text_eq, SQL.text_neq, SQL.text_startsWith, SQL.text_endsWith, SQL.text_contains)
_OTHERS = {  # fragment: dimension, and the condition on its values
    SQL.tool: ("tool", SQL.value_eq),
    SQL.any_failure: ("any_failure", SQL.value_given),
    SQL.any_loop: ("any_loop", SQL.value_given),
    SQL.failed_tool: ("tool_error", SQL.value_any),
    SQL.looped_tools: ("loop", SQL.value_any),
    SQL.own_signal: ("own", SQL.value_any),
    SQL.posted_signal: ("posted", SQL.value_any),
    SQL.nothing: ("all", SQL.nothing),
}
UNBOUNDED_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Selection:
    """Interactions that have a value of a dimension that meets a condition; negated: all others."""

    dimension: str
    condition: Condition  # on the column `value` of roll-ups


@dataclass(frozen=True, slots=True)
class Range:
    """When interactions begin, in Unix nanoseconds."""

    since: int = -UNBOUNDED_NS
    until: int = UNBOUNDED_NS  # exclusive


def selections_of(conditions: Sequence[Condition]) -> list[Selection] | None:
    """The conditions but those on time; None when roll-ups cannot tell one of them."""
    found = [_selection(condition) for condition in conditions if not is_of_time(condition)]
    selections = [one for one in found if one is not None]
    return selections if len(selections) == len(found) else None


def range_of(conditions: Sequence[Condition]) -> Range | None:
    """The range of time that the conditions leave; None for one that is no range."""
    since, until = -UNBOUNDED_NS, UNBOUNDED_NS
    for condition in filter(is_of_time, conditions):
        if condition.negated or condition.fragment not in (
            *(SQL.number_gt, SQL.number_gte, SQL.number_lt, SQL.number_lte),
        ):
            return None
        is_open = condition.fragment in (SQL.number_gt, SQL.number_lte)
        bound = int(condition.value) + is_open
        if condition.fragment in (SQL.number_gt, SQL.number_gte):
            since = max(since, bound)
        else:
            until = min(until, bound)
    return Range(since, until)


def _selection(condition: Condition) -> Selection | None:
    if condition.column in DIMENSIONS and not condition.of_user and condition.fragment in _OF_VALUE:
        of_value = replace(condition, column="value")
        if condition.fragment == SQL.text_neq:  # so has an interaction without any value
            of_value = replace(of_value, fragment=SQL.text_eq, negated=not condition.negated)
        return Selection(condition.column, of_value)
    if condition.fragment in _OTHERS:
        dimension, fragment = _OTHERS[condition.fragment]
        return Selection(dimension, replace(condition, fragment=fragment))
    return None
