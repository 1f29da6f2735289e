"""First seen: an issue whose first occurrence lies after the rule began to look."""

from collections.abc import Iterable

from tool_errors.alerts.happening import Happened
from trace_store.alerts.alert_rows import FindingEvent


def happened(events: Iterable[FindingEvent], after_unix_nano: int) -> list[Happened]:
    """The first of these events of each issue that was first seen after a time, oldest first.

    A late finding that makes an issue older than that makes it no new issue.
    """
    found: dict[str, FindingEvent] = {}
    for event in sorted(events, key=lambda event: (event.end_unix_nano, event.trace_id, event.finding_key)):
        if event.first_seen_unix_nano is not None and event.first_seen_unix_nano > after_unix_nano:
            found.setdefault(event.fingerprint, event)
    return [Happened(fingerprint, event) for fingerprint, event in found.items()]
