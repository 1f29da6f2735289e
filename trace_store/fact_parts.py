"""Facts of spans, many in one compressed part: PostgreSQL compresses no row of less than 2 KB, and facts repeat much.

A part holds up to 128 spans of one trace and day that one version of the rules made: `keys` has 17 bytes for each (span
id, first 8 bytes of the digest of its version, number of its dialect), `body` is the zstd of a line of JSON for each,
`[type, facts]`, in the same order. Parts are only ever added; of two entries of one span version that of the
newer rules counts, and of these the later one. docs/decisions/packed_facts.md says why.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

import orjson
import zstandard

from trace_store.json_columns import json_bytes
from trace_store.stored import TraceKey

SPANS_MAX = 128
RAW_BYTES_MAX = 64 * 1024  # one span's facts may be larger; they then have a part of their own
ZSTD_LEVEL = 1  # a hundredth more bytes than level 3, a fifth less time
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"  # any other body was moved here from an older schema, by SQL, which cannot compress
_ARRAY = b"[["  # how the body begins that SQL made: one JSON array of all lines
_LINE = b'["'  # how a line begins
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
    user_ids: list[str] | None
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

    @classmethod
    def of_new(cls, part: NewPart) -> "StoredPart":
        """A part that was just written, as it would be read back but for its id."""
        size = (part.span_count, part.raw_bytes)
        return cls(*part.key, 0, *size, part.dialects, part.user_ids, part.keys, part.body)


class Versioned(Protocol):
    """A row that names one version of a span."""

    @property
    def span_id(self) -> bytes:
        """8 bytes."""

    @property
    def digest(self) -> bytes:
        """Of its exact bytes."""


def span_key(row: Versioned) -> bytes:
    """Tells a span version from others of its trace and day; of the digest 8 bytes do, among versions of one span."""
    if len(row.span_id) != _ID_BYTES:
        raise ValueError(f"a span id has {len(row.span_id)} bytes instead of {_ID_BYTES}")
    return row.span_id + row.digest[:_DIGEST_BYTES]


class _Line(NamedTuple):
    span_key: bytes
    dialect: str
    text: bytes  # JSON of [type, facts]
    user_ids: Sequence[str]


class PartPacker:
    """Packs parts; one per thread, since a compressor cannot be shared."""

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress

    def pack(self, key: PartKey, entries: Iterable[Entry]) -> list[NewPart]:
        """The entries in order, cut into parts."""
        return [self._part(key, lines) for lines in _cut(map(_line, entries))]

    def merge(self, crowd: "Crowd", living: Collection[bytes]) -> list[NewPart]:
        """The small parts as few, to be added after all others: with the entries that count and whose span version is
        among the `living`, which are stored. Users stay whom one of the parts named."""
        small = {part.part_id for part in crowd.small}
        decompress = zstandard.ZstdDecompressor().decompress
        lines: dict[bytes, _Line] = {}
        for part in sorted((*crowd.small, *crowd.others), key=_rank):
            if part.part_id in small:
                dialects, users = part.dialects, part.user_ids or ()
                for of_span, number, text in zip(*_keys(part), _texts(part, decompress), strict=True):
                    lines[of_span] = _Line(of_span, dialects[number], text, users)
            else:
                for of_span in _keys(part)[0]:
                    lines.pop(of_span, None)
        kept = (line for of_span, line in lines.items() if of_span in living)
        return [self._part(crowd.small[0].key, cut) for cut in _cut(kept)]

    def _part(self, key: PartKey, lines: Sequence[_Line]) -> NewPart:
        numbers: dict[str, int] = {}
        keys = b"".join(
            line.span_key + numbers.setdefault(line.dialect, len(numbers)).to_bytes(1, "big") for line in lines
        )
        users = dict.fromkeys(user_id for line in lines for user_id in line.user_ids)
        raw = b"\n".join([line.text for line in lines])
        return NewPart(key, len(lines), len(raw), list(numbers), list(users), keys, self._compress(raw))


def unpack(part: StoredPart, decompress: Callable[[bytes], bytes]) -> Iterator[Entry]:
    """The entries of a part."""
    dialects, raw = part.dialects, _raw(part, decompress)
    told = orjson.loads(raw if raw.startswith(_ARRAY) else b"[" + raw.replace(b"\n", b",") + b"]")
    for of_span, number, (span_type, facts) in zip(*_keys(part), told, strict=True):
        yield Entry(of_span, span_type, dialects[number], facts)


def newest_entries(parts: Iterable[StoredPart]) -> dict[tuple[TraceKey, date], dict[bytes, Entry]]:
    """By trace and day the entry of each span version that counts."""
    decompress = zstandard.ZstdDecompressor().decompress
    found: dict[tuple[TraceKey, date], dict[bytes, Entry]] = {}
    for part in sorted(parts, key=_rank):
        of_day = found.setdefault((part.key.trace, part.bucket), {})
        for entry in unpack(part, decompress):
            of_day[entry.span_key] = entry
    return found


def newest_lines(parts: Iterable[StoredPart]) -> dict[date, dict[bytes, bytes]]:
    """The same for the parts of one trace, by day, where few are read: each as its line, JSON of `[type, facts]`."""
    decompress = zstandard.ZstdDecompressor().decompress
    found: dict[date, dict[bytes, bytes]] = {}
    for part in sorted(parts, key=_rank):
        found.setdefault(part.bucket, {}).update(zip(_keys(part)[0], _texts(part, decompress), strict=True))
    return found


def type_of_line(line: bytes) -> str:
    """The type that a line of `newest_lines` begins with; it is one of SpanType, without anything to unescape."""
    return line[len(_LINE) : line.index(b'"', len(_LINE))].decode()


def facts_of_line(line: bytes) -> dict[str, Any]:
    """The facts of a line of `newest_lines`."""
    facts: dict[str, Any] = orjson.loads(line)[1]
    return facts


class Crowd(NamedTuple):
    """Small parts of one key, which are many, and all other parts of their trace and day."""

    small: Sequence[StoredPart]
    others: Sequence[StoredPart]


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


def _keys(part: StoredPart) -> tuple[list[bytes], bytes]:
    """The key of each span, and the numbers of their dialects."""
    size, keys = SPAN_KEY_BYTES + 1, part.keys
    return [keys[begin : begin + SPAN_KEY_BYTES] for begin in range(0, len(keys), size)], keys[SPAN_KEY_BYTES::size]


def _raw(part: StoredPart, decompress: Callable[[bytes], bytes]) -> bytes:
    return decompress(part.body) if part.body.startswith(ZSTD_MAGIC) else part.body


def _texts(part: StoredPart, decompress: Callable[[bytes], bytes]) -> list[bytes]:
    raw = _raw(part, decompress)
    return [json_bytes(each) for each in orjson.loads(raw)] if raw.startswith(_ARRAY) else raw.split(b"\n")


def _line(entry: Entry) -> _Line:
    user_id = entry.facts.get(USER_ID)
    text = json_bytes([entry.type, entry.facts])  # JSON of one line: it escapes what would break it
    return _Line(entry.span_key, entry.dialect, text, () if user_id is None else (user_id,))


def _cut(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """The lines of each part."""
    chunk: list[_Line] = []
    raw_bytes = 0
    for line in lines:
        if len(chunk) == SPANS_MAX or (chunk and raw_bytes + len(line.text) > RAW_BYTES_MAX):
            yield chunk
            chunk, raw_bytes = [], 0
        chunk.append(line)
        raw_bytes += len(line.text)
    if chunk:
        yield chunk
