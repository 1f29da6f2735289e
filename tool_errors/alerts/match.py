"""Match: every finding, one message each, however often its trace is derived."""

from collections.abc import Iterable

from tool_errors.alerts.happening import Happened
from trace_store.alerts.alert_rows import FindingEvent


def happened(events: Iterable[FindingEvent]) -> list[Happened]:
    """All events, oldest first."""
    ordered = sorted(events, key=lambda event: (event.end_unix_nano, event.trace_id, event.finding_key))
    return [Happened(f"{event.trace_id.hex()}/{event.finding_key}", event) for event in ordered]
