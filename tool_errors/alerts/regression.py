"""Regression: a finding of an issue that somebody had called resolved, at once or in a release."""

from collections.abc import Iterable

from tool_errors.alerts.happening import Happened
from trace_store.alerts.alert_rows import NANOSECONDS, FindingEvent


def happened(events: Iterable[FindingEvent]) -> list[Happened]:
    """The first of these events of each resolved issue that contradicts that; again after it was resolved again.

    An issue that is resolved in a release goes on in earlier ones.
    """
    found: dict[str, FindingEvent] = {}
    for event in sorted(events, key=lambda event: (event.end_unix_nano, event.trace_id, event.finding_key)):
        if event.resolved_at is None or event.is_of_earlier_release:
            continue
        resolved_at = event.resolved_at.timestamp()
        if event.start_unix_nano > resolved_at * NANOSECONDS:
            found.setdefault(f"{event.fingerprint}:{resolved_at:.6f}", event)
    return [Happened(key, event) for key, event in found.items()]
