"""Receipts: what one commit kept, per project and signal. Every total that pages show is a sum of them."""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from trace_store.flush import EncodedFlush, EncodedSignal, Place
from trace_store.interactions.interaction_writer import EventReceipt
from trace_store.rows import VISIBLE_NUL, receipt_row

TRACES, LOGS, METRICS = "traces", "logs", "metrics"


@dataclass(slots=True)
class Receipt:
    """The outcome of one commit for one project and signal."""

    accepted: int = 0  # records that were not known before
    duplicate: int = 0  # known already, or twice in the flush; a larger version of a known span replaces it
    late: int = 0  # accepted under the day of receipt, because their own day lies outside the window
    raw_bytes: int = 0  # of the accepted records

    def add(self, size: int, is_late: bool) -> None:
        """Counts one accepted record."""
        self.accepted += 1
        self.raw_bytes += size
        self.late += is_late


ReceiptKey = tuple[int, str]  # project, signal


@dataclass(frozen=True, slots=True)
class CommitResult:
    """What a commit stored."""

    receipts: Mapping[ReceiptKey, Receipt]
    rejected: Mapping[ReceiptKey, Mapping[str, int]] = field(default_factory=dict)  # before the commit, by reason

    def total(self, signal: str) -> Receipt:
        """The sum over all projects for `traces`, `logs`, `metrics`, `events`, `feedback` or `users`."""
        total = Receipt()
        for (_, name), receipt in self.receipts.items():
            if name == signal:
                total.accepted += receipt.accepted
                total.duplicate += receipt.duplicate
                total.late += receipt.late
                total.raw_bytes += receipt.raw_bytes
        return total


def receipts(
    flush: EncodedFlush,
    new_spans: Collection[Place] | None,
    new_logs: Collection[Place] | None,
    events: Mapping[ReceiptKey, EventReceipt],
) -> dict[ReceiptKey, Receipt]:
    """The receipts of a flush; `None` says that every record of the signal was new."""
    found: dict[ReceiptKey, Receipt] = {}
    for signal, name, new in ((flush.spans, TRACES, new_spans), (flush.logs, LOGS, new_logs)):
        for project_id, repeated in signal.repeated.items():
            found.setdefault((project_id, name), Receipt()).duplicate += repeated
        _count(signal, name, new, found)
    for project_id, points in flush.metric_point_counts.items():
        found[project_id, METRICS] = Receipt(accepted=points)
    for key, (accepted, duplicate, raw_bytes) in events.items():
        found[key] = Receipt(accepted, duplicate, raw_bytes=raw_bytes)
    for key in flush.rejected:
        found.setdefault(key, Receipt())
    return found


def _count(signal: EncodedSignal, name: str, new: Collection[Place] | None, found: dict[ReceiptKey, Receipt]) -> None:
    late_by_blob = Counter(blob_id for blob_id, _ in signal.late)
    for blob in signal.blobs:
        receipt = found.setdefault((blob.project_id, name), Receipt())
        if new is None:
            receipt.accepted += len(blob.sizes)
            receipt.raw_bytes += sum(blob.sizes)
            receipt.late += late_by_blob[blob.blob_id]
            continue
        for position, size in enumerate(blob.sizes):
            place = (blob.blob_id, position)
            if place in new:
                receipt.add(size, place in signal.late)
            else:
                receipt.duplicate += 1


def receipt_rows(flush: EncodedFlush, found: Mapping[ReceiptKey, Receipt]) -> list[bytes]:
    """The rows of `ingest_receipts`."""
    return [
        receipt_row(
            project_id,
            flush.day_of_receipt,
            receipt.accepted,
            receipt.duplicate,
            receipt.late,
            receipt.raw_bytes,
            signal,
            json.dumps(flush.rejected.get((project_id, signal), {})).replace("\\u0000", VISIBLE_NUL),
        )
        for (project_id, signal), receipt in sorted(found.items())
    ]
