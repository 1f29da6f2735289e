"""Facts of spans, many in one compressed part: PostgreSQL compresses no row of less than 2 KB, and facts repeat much.

A part holds up to 128 spans of one trace and day that one version of the rules made: `keys` has 17 bytes for each (span
id, first 8 bytes of the digest of its version, number of its dialect), `body` is the zstd of a JSON array with
`[type, facts]` of each, in the same order. Parts are only ever added; of two entries of one span version that of the
newer rules counts, and of these the later one. docs/decisions/packed_facts.md says why.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import orjson
import zstandard

from trace_store.json_columns import json_bytes
from trace_store.stored import SpanRow, TraceKey

SPANS_MAX = 128
RAW_BYTES_MAX = 64 * 1024  # one span's facts may be larger; they then have a part of their own
ZSTD_LEVEL = 3
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"  # any other body is plain JSON, moved here from an older schema
USER_ID = "user_id"  # key of the facts: whoever erases a user asks parts for it
_ID_BYTES, _DIGEST_BYTES = 8, 8
SPAN_KEY_BYTES = _ID_BYTES + _DIGEST_BYTES


class PartKey(NamedTuple):
    """What all spans of a part have in common."""

    project_id: int
    trace_id: bytes
    bucket: date
    mapping_version: int
    detector_version: int

    @property
    def trace(self) -> TraceKey:
        """The trace they belong to."""
        return TraceKey(self.project_id, self.trace_id)


class Entry(NamedTuple):
    """The facts of one span version."""

    span_key: bytes  # `span_key` of its row
    type: str
    dialect: str
    facts: dict[str, Any]  # JSON value


class NewPart(NamedTuple):
    """A part to be written."""

    key: PartKey
    span_count: int
    raw_bytes: int
    dialects: list[str]
    user_ids: list[str]
    keys: bytes
    body: bytes


class StoredPart(NamedTuple):
    """A part as the queries of `fact_parts.sql` give it."""

    project_id: int
    trace_id: bytes
    bucket: date
    mapping_version: int
    detector_version: int
    part_id: int
    span_count: int
    raw_bytes: int
    dialects: list[str]
    keys: bytes
    body: bytes

    @property
    def key(self) -> PartKey:
        """What its spans have in common."""
        return PartKey(*self[:5])

    @property
    def is_full(self) -> bool:
        """Whether it stays as it is when others are merged, so that a growing trace is not written again and again."""
        return self.span_count >= SPANS_MAX // 2 or self.raw_bytes >= RAW_BYTES_MAX // 2


def span_key(row: SpanRow) -> bytes:
    """Tells a span version from others of its trace and day; of the digest 8 bytes do, among versions of one span."""
    if len(row.span_id) != _ID_BYTES:
        raise ValueError(f"a span id has {len(row.span_id)} bytes instead of {_ID_BYTES}")
    return row.span_id + row.digest[:_DIGEST_BYTES]


def pack(key: PartKey, entries: Iterable[Entry]) -> Iterator[NewPart]:
    """The entries in order, cut into parts."""
    chunk: list[Entry] = []
    texts: list[bytes] = []
    raw_bytes = 0
    for entry in entries:
        text = json_bytes([entry.type, entry.facts])
        if len(chunk) == SPANS_MAX or (chunk and raw_bytes + len(text) > RAW_BYTES_MAX):
            yield _part(key, chunk, texts)
            chunk, texts, raw_bytes = [], [], 0
        chunk.append(entry)
        texts.append(text)
        raw_bytes += len(text)
    if chunk:
        yield _part(key, chunk, texts)


def unpack(part: StoredPart) -> Iterator[Entry]:
    """The entries of a part."""
    body, keys, dialects = part.body, part.keys, part.dialects
    if body.startswith(ZSTD_MAGIC):
        body = zstandard.ZstdDecompressor().decompress(body)
    numbers = keys[SPAN_KEY_BYTES :: SPAN_KEY_BYTES + 1]
    for of_span, number, (span_type, facts) in zip(_span_keys(keys), numbers, orjson.loads(body), strict=True):
        yield Entry(of_span, span_type, dialects[number], facts)


def newest_entries(parts: Iterable[StoredPart]) -> dict[tuple[TraceKey, date], dict[bytes, Entry]]:
    """By trace and day the entry of each span version that counts."""
    found: dict[tuple[TraceKey, date], dict[bytes, Entry]] = {}
    for part in sorted(parts, key=_rank):
        of_day = found.setdefault((part.key.trace, part.bucket), {})
        for entry in unpack(part):
            of_day[entry.span_key] = entry
    return found


class Crowd(NamedTuple):
    """Small parts of one key, which are many, and all other parts of their trace and day."""

    small: Sequence[StoredPart]
    others: Sequence[StoredPart]

    def merged(self, living: Collection[bytes]) -> list[NewPart]:
        """The small ones as few, to be added after all others: with the entries that count and whose span version is
        among the `living`, which are stored."""
        small = {part.part_id for part in self.small}
        entries: dict[bytes, Entry] = {}
        for part in sorted((*self.small, *self.others), key=_rank):
            if part.part_id in small:
                entries.update((entry.span_key, entry) for entry in unpack(part))
            else:
                for of_span in _span_keys(part.keys):
                    entries.pop(of_span, None)
        return list(pack(self.small[0].key, (entry for of_span, entry in entries.items() if of_span in living)))


def crowds(parts: Iterable[StoredPart], small_max: int) -> list[Crowd]:
    """Where more than `small_max` parts of one key are small; `parts` are all of their traces and days."""
    of_day: dict[tuple[TraceKey, date], list[StoredPart]] = {}
    small: dict[PartKey, list[StoredPart]] = {}
    for part in parts:
        of_day.setdefault((part.key.trace, part.bucket), []).append(part)
        if not part.is_full:
            small.setdefault(part.key, []).append(part)
    found: list[Crowd] = []
    for key, of_key in small.items():
        if len(of_key) > small_max:
            ids = {part.part_id for part in of_key}
            found.append(Crowd(of_key, [part for part in of_day[key.trace, key.bucket] if part.part_id not in ids]))
    return found


def _rank(part: StoredPart) -> tuple[int, int, int]:
    return part.mapping_version, part.detector_version, part.part_id


def _span_keys(keys: bytes) -> Iterator[bytes]:
    return (keys[begin : begin + SPAN_KEY_BYTES] for begin in range(0, len(keys), SPAN_KEY_BYTES + 1))


def _part(key: PartKey, entries: Sequence[Entry], texts: Sequence[bytes]) -> NewPart:
    numbers: dict[str, int] = {}
    keys = b"".join(
        entry.span_key + numbers.setdefault(entry.dialect, len(numbers)).to_bytes(1, "big") for entry in entries
    )
    users = dict.fromkeys(user_id for entry in entries if (user_id := entry.facts.get(USER_ID)) is not None)
    raw = b"[" + b",".join(texts) + b"]"
    body = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(raw)
    return NewPart(key, len(entries), len(raw), list(numbers), list(users), keys, body)
