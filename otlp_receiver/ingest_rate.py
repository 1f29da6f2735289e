"""How much a key, or an address without one, may send in a minute; each front process counts for itself."""

import math

from otlp_receiver.access import Access
from otlp_receiver.exceptions import SentTooMuch
from otlp_receiver.token_buckets import TokenBuckets

MIB = 1024 * 1024


class IngestRate:
    """Counts the bytes of requests as they arrive, before decompression."""

    def __init__(self, bytes_per_minute: int = 0) -> None:
        """0: no limit."""
        self._buckets = TokenBuckets(bytes_per_minute)

    def check(self, access: Access, size: int) -> None:
        """Takes the bytes of a request; raises SentTooMuch when its key has sent as much as it may."""
        holder = access.holder
        wait_s = self._buckets.take(f"key {holder.key_id}" if holder.key_id else holder.by, size)
        if wait_s:
            raise SentTooMuch(self._buckets.per_minute, math.ceil(wait_s))
