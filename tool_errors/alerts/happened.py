"""What findings tell to rules whose condition is fulfilled once, and cannot cease to hold."""

from collections.abc import Iterable

from tool_errors.alerts import first_seen, match, regression
from tool_errors.alerts.happening import Happened
from tool_errors.alerts.rule import EventDefinition, FirstSeenRule, RegressionRule
from trace_store.alerts.alert_rows import FindingEvent


def happened(rule: EventDefinition, events: Iterable[FindingEvent], after_unix_nano: int) -> list[Happened]:
    """What there is to tell, oldest first; new issues are those first seen after a time."""
    if isinstance(rule, FirstSeenRule):
        return first_seen.happened(events, after_unix_nano)
    if isinstance(rule, RegressionRule):
        return regression.happened(events)
    return match.happened(events)
