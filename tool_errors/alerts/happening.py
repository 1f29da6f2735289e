"""Something that is told once."""

from typing import NamedTuple

from trace_store.alerts.alert_rows import FindingEvent


class Happened(NamedTuple):
    """Something to tell once."""

    event_key: str  # the same for what is the same
    event: FindingEvent
