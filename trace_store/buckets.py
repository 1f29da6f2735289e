"""Which day a record is kept under: the key that partitions, drops and bounds every table that grows with time.

A bucket is a day in UTC, here as its number counted from 1970-01-01; in the database it is a `date`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

DAY_NS = 86_400_000_000_000
AHEAD_DAYS = 2  # how far a sender's clock may run ahead before its records go under the day of receipt
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class BucketWindow:
    """The days that records received on one day may be kept under."""

    day_of_receipt: int
    first_day: int
    last_day: int

    def bucket(self, time_unix_nano: int) -> int:
        """The day of `time_unix_nano` if it lies in the window, else the day of receipt.

        A bad clock must not make a partition per day, and an old import must not be dropped right after its answer.
        """
        day = time_unix_nano // DAY_NS
        return day if self.first_day <= day <= self.last_day else self.day_of_receipt


def bucket_window(received_unix_nano: int, retention_days: int) -> BucketWindow:
    """The window of a record that arrives now: from the oldest day that retention keeps to two days ahead."""
    day = received_unix_nano // DAY_NS
    return BucketWindow(day, day - retention_days, day + AHEAD_DAYS)


def date_of(day: int) -> date:
    """The date of a bucket."""
    return _EPOCH + timedelta(days=day)


def day_of(bucket: date) -> int:
    """The number of a bucket's day."""
    return (bucket - _EPOCH).days
