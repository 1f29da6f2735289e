"""What one process has committed since it began, as Prometheus counts it: series by name and labels, never falling.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (histograms and counters).
"""

from collections import defaultdict
from collections.abc import Mapping

from trace_store.receipts import CommitResult

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # upper bounds of commit times
RECORDS = ("accepted", "duplicate", "late")


def series(name: str, **labels: str) -> str:
    """A series as a line of the exposition begins with it."""
    pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items())
    return f"{name}{{{pairs}}}" if pairs else name


class CommitCounts:
    """Counters of a commit queue."""

    def __init__(self) -> None:
        self.values: defaultdict[str, float] = defaultdict(float, {"rainbarrel_commits_failed_total": 0.0})
        self._observe_buckets(None)

    def stored(self, seconds: float, result: CommitResult) -> None:
        """Counts a commit that took `seconds` from its first statement to the end of COMMIT."""
        self._observe_buckets(seconds)
        for (_, signal), receipt in result.receipts.items():
            for outcome in RECORDS:
                self.values[series(f"rainbarrel_records_{outcome}_total", signal=signal)] += getattr(receipt, outcome)
            self.values[series("rainbarrel_accepted_bytes_total", signal=signal)] += receipt.raw_bytes
        for (_, signal), reasons in result.rejected.items():
            for reason, count in reasons.items():
                self.values[series("rainbarrel_records_rejected_total", signal=signal, reason=reason)] += count

    def redacted(self, counts: Mapping[str, int]) -> None:
        """Counts what rules replaced, by their names."""
        for rule, count in counts.items():
            self.values[series("rainbarrel_redactions_total", rule=rule)] += count

    def failed(self) -> None:
        """Counts requests that could not be stored together, whether parts of them were stored after all or not."""
        self.values["rainbarrel_commits_failed_total"] += 1

    def _observe_buckets(self, seconds: float | None) -> None:
        """Counts one commit time in every bucket that holds it; None only makes the series exist."""
        for bound in (*BUCKETS_S, float("inf")):
            name = series("rainbarrel_commit_seconds_bucket", le="+Inf" if bound == float("inf") else str(bound))
            self.values[name] += seconds is not None and seconds <= bound
        self.values["rainbarrel_commit_seconds_sum"] += seconds or 0.0
        self.values["rainbarrel_commit_seconds_count"] += seconds is not None


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
