"""Blobs: the exact bytes of up to 64 records of one project and bucket, framed and compressed.

Before compression a blob is the number of records (uint16), the end offset of each (uint32, counted from the first
byte after this table) and the records end to end, all little endian. One record is reached without reading the others.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate

import zstandard

RECORDS_MAX = 64
RAW_BYTES_MAX = 256 * 1024  # a single record may be larger; it then has a blob of its own
ZSTD_LEVEL = 1  # docs/decisions/blobs.md has the measurement
_COUNT_BYTES, _END_BYTES = 2, 4


class BlobPacker:
    """Packs blobs; one per thread, since a compressor cannot be shared."""

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress

    def pack(self, records: Sequence[bytes]) -> bytes:
        """The compressed blob of at most 65,535 records and 4 GiB."""
        count = len(records)
        table = struct.pack(f"<H{count}I", count, *accumulate(map(len, records)))
        return self._compress(b"".join((table, *records)))


class Blob:
    """A blob that was read, decompressed once."""

    __slots__ = ("_body", "_ends", "_start")

    def __init__(self, body: bytes) -> None:
        raw = zstandard.ZstdDecompressor().decompress(body)
        (count,) = struct.unpack_from("<H", raw)
        self._body = raw
        self._ends: tuple[int, ...] = struct.unpack_from(f"<{count}I", raw, _COUNT_BYTES)
        self._start = _COUNT_BYTES + _END_BYTES * count

    def __len__(self) -> int:
        return len(self._ends)

    def record(self, position: int) -> bytes:
        """The exact bytes of one record; IndexError when the blob has no such position."""
        end = self._ends[position]
        begin = self._ends[position - 1] if position else 0
        return self._body[self._start + begin : self._start + end]


def fill(sizes: Sequence[int]) -> list[int]:
    """Cuts records of these sizes, in order, into blobs: how many records each blob takes."""
    counts: list[int] = []
    count = raw_bytes = 0
    for size in sizes:
        if count == RECORDS_MAX or (count and raw_bytes + size > RAW_BYTES_MAX):
            counts.append(count)
            count = raw_bytes = 0
        count += 1
        raw_bytes += size
    if count:
        counts.append(count)
    return counts
