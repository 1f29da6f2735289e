"""What decode hands to commit: the accepted records of one request, and what was rejected or changed on the way."""

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

from trace_store.interactions.interaction_rows import AcceptedFeedback, AcceptedUpdate, AcceptedUser
from trace_store.model import AcceptedLog, AcceptedSpan

Signal = Literal["traces", "logs", "metrics"]

DETAILS_MAX = 5
_ITEM_BYTES = 2048  # of a signal or a user, whose objects are small
_OTLP = attrgetter("otlp")
_RECORD_OVERHEAD_BYTES = 512  # what an accepted record costs in memory beside its bytes


class Rejections:
    """Counts of rejected records by reason, and the first few as sentences: bounded however many there are."""

    __slots__ = ("counts", "details")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.details: list[str] = []

    def add(self, reason: str, detail: str, count: int = 1) -> None:
        """Count `count` records under `reason` (snake_case, a stable name); `detail` is a sentence for the sender."""
        if count < 1:
            return
        self.counts[reason] = self.counts.get(reason, 0) + count
        if len(self.details) < DETAILS_MAX and detail not in self.details:
            self.details.append(detail)

    @property
    def total(self) -> int:
        """The number of rejected records."""
        return sum(self.counts.values())


@dataclass(slots=True)
class DecodedTraces:
    """A decoded ExportTraceServiceRequest."""

    project_id: int
    spans: list[AcceptedSpan] = field(default_factory=list)
    rejections: Rejections = field(default_factory=Rejections)
    warnings: set[str] = field(default_factory=set)  # fixed sentences: something was stored differently than sent

    signal: Signal = "traces"

    @property
    def memory_bytes(self) -> int:
        """About what the records take in memory while they wait."""
        return sum(map(len, map(_OTLP, self.spans))) + len(self.spans) * _RECORD_OVERHEAD_BYTES

    @property
    def has_anything(self) -> bool:
        """False when a commit would leave no trace of it, not even in a receipt."""
        return bool(self.spans or self.rejections.counts)


@dataclass(slots=True)
class DecodedLogs:
    """A decoded ExportLogsServiceRequest."""

    project_id: int
    logs: list[AcceptedLog] = field(default_factory=list)
    rejections: Rejections = field(default_factory=Rejections)
    warnings: set[str] = field(default_factory=set)

    signal: Signal = "logs"

    @property
    def memory_bytes(self) -> int:
        """About what the records take in memory while they wait."""
        return sum(len(log.otlp) + _RECORD_OVERHEAD_BYTES for log in self.logs)

    @property
    def has_anything(self) -> bool:
        """False when a commit would leave no trace of it, not even in a receipt."""
        return bool(self.logs or self.rejections.counts)


@dataclass(slots=True)
class DecodedMetrics:
    """A decoded ExportMetricsServiceRequest: its data points are counted and not stored."""

    project_id: int
    point_count: int = 0
    rejections: Rejections = field(default_factory=Rejections)
    warnings: set[str] = field(default_factory=set)

    signal: Signal = "metrics"

    @property
    def memory_bytes(self) -> int:
        """Nothing is kept."""
        return 0

    @property
    def has_anything(self) -> bool:
        """False when a commit would leave no trace of it, not even in a receipt."""
        return bool(self.point_count or self.rejections.counts)


@dataclass(slots=True)
class DecodedEvents:
    """A decoded request of Raindrop's ingest API."""

    project_id: int
    signal: Literal["events", "feedback", "users"]
    updates: list[AcceptedUpdate] = field(default_factory=list)
    feedback: list[AcceptedFeedback] = field(default_factory=list)
    users: list[AcceptedUser] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)  # of the updates, in their order
    rejections: Rejections = field(default_factory=Rejections)
    warnings: set[str] = field(default_factory=set)

    @property
    def memory_bytes(self) -> int:
        """About what the items take in memory while they wait."""
        others = len(self.feedback) + len(self.users)
        return sum(len(update.body) + _RECORD_OVERHEAD_BYTES for update in self.updates) + others * _ITEM_BYTES

    @property
    def has_anything(self) -> bool:
        """False when a commit would leave no trace of it, not even in a receipt."""
        return bool(self.updates or self.feedback or self.users or self.rejections.counts)


Decoded = DecodedTraces | DecodedLogs | DecodedMetrics | DecodedEvents
