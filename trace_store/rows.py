"""Rows in PostgreSQL's binary COPY format, packed by hand: one `struct` call for all fixed fields of a row.

Source: PostgreSQL documentation, COPY, "Binary Format". A field is its length (int32, -1 for NULL) and its bytes; a
date counts days from 2000-01-01. The column lists in `sql/writer.sql` have the order of the arguments here.
"""

import struct

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NANO_MAX = 2**63 - 1  # nanosecond columns clamp here; the blob stays exact
VISIBLE_NUL = "\u2400"  # what a text column holds for U+0000, which PostgreSQL's text cannot
_PG_EPOCH_DAY = 10_957  # 2000-01-01 counted from 1970-01-01
SMALLINT_MAX = 2**15 - 1

_SPAN = struct.Struct(">hii iq ii iq ih ih ii iq iq iq ih i16s i8s i16s".replace(" ", "")).pack
_LOG = struct.Struct(">hii ii iq ih iq iq iq ih i16s".replace(" ", "")).pack
_BLOB = struct.Struct(">hii ii iq ih ih ii i".replace(" ", "")).pack
_LINK = struct.Struct(">hii iq ii ii i16s i8s i16s i8s".replace(" ", "")).pack
_MARK = struct.Struct(">hiiihi").pack
_MARK_PLACE = struct.Struct(">iiiq").pack
_RECEIPT = struct.Struct(">hii ii iq iq iq iq".replace(" ", "")).pack
_JSONB_VERSION = b"\x01"
_LENGTH = struct.Struct(">i").pack
_NULL = _LENGTH(-1)


def column_text(text: str) -> bytes:
    """Text for a column: U+0000 becomes a visible sign."""
    return (text.replace("\0", VISIBLE_NUL) if "\0" in text else text).encode()


def column_enum(number: int) -> int:
    """An OTLP enum number for a smallint column; 0 (unspecified) for numbers that no version of OTLP can mean."""
    return number if 0 <= number <= SMALLINT_MAX else 0


def span_row(
    project_id: int,
    start_unix_nano: int,
    bucket: int,
    end_unix_nano: int,
    kind: int,
    status_code: int,
    raw_length: int,
    resource_id: int,
    scope_id: int,
    blob_id: int,
    blob_position: int,
    trace_id: bytes,
    span_id: bytes,
    digest: bytes,
    parent_span_id: bytes,
    name: str,
) -> bytes:
    """A row of `spans`; times and enums must be clamped already."""
    text = column_text(name)
    # fmt: off
    fixed = _SPAN(
        16, 4, project_id, 8, start_unix_nano, 4, bucket - _PG_EPOCH_DAY, 8, end_unix_nano, 2, kind, 2, status_code,
        4, raw_length, 8, resource_id, 8, scope_id, 8, blob_id, 2, blob_position, 16, trace_id, 8, span_id, 16, digest,
    )
    # fmt: on
    parent = b"\0\0\0\x08" + parent_span_id if parent_span_id else _NULL
    return b"".join((fixed, parent, _LENGTH(len(text)), text))


def log_row(
    project_id: int,
    bucket: int,
    time_unix_nano: int,
    severity_number: int,
    resource_id: int,
    scope_id: int,
    blob_id: int,
    blob_position: int,
    digest: bytes,
    trace_id: bytes,
    span_id: bytes,
    event_name: str,
) -> bytes:
    """A row of `log_records`; ids of other lengths than OTLP's become NULL (they stay exact in the blob)."""
    text = column_text(event_name)
    # fmt: off
    fixed = _LOG(
        12, 4, project_id, 4, bucket - _PG_EPOCH_DAY, 8, time_unix_nano, 2, severity_number, 8, resource_id,
        8, scope_id, 8, blob_id, 2, blob_position, 16, digest,
    )
    # fmt: on
    trace = b"\0\0\0\x10" + trace_id if len(trace_id) == 16 else _NULL
    span = b"\0\0\0\x08" + span_id if len(span_id) == 8 else _NULL
    return b"".join((fixed, trace, span, _LENGTH(len(text)), text))


def blob_row(
    project_id: int, bucket: int, blob_id: int, signal: int, record_count: int, raw_bytes: int, body: bytes
) -> bytes:
    """A row of `span_blobs`."""
    # fmt: off
    fixed = _BLOB(
        7, 4, project_id, 4, bucket - _PG_EPOCH_DAY, 8, blob_id, 2, signal, 2, record_count, 4, raw_bytes, len(body),
    )
    # fmt: on
    return fixed + body


def link_row(
    project_id: int,
    start_unix_nano: int,
    bucket: int,
    position: int,
    trace_id: bytes,
    span_id: bytes,
    linked_trace_id: bytes,
    linked_span_id: bytes,
) -> bytes:
    """A row of `span_links`; ids must have OTLP's lengths."""
    # fmt: off
    return _LINK(
        8, 4, project_id, 8, start_unix_nano, 4, bucket - _PG_EPOCH_DAY, 4, position, 16, trace_id, 8, span_id,
        16, linked_trace_id, 8, linked_span_id,
    )
    # fmt: on


def mark_row(project_id: int, unit_kind: int, unit_id: bytes, bucket: int, blob_id: int) -> bytes:
    """A row of `dirty_marks` that is due at once: the records of this unit in this blob are new."""
    place = _MARK_PLACE(4, bucket - _PG_EPOCH_DAY, 8, blob_id)
    return _MARK(5, 4, project_id, 2, unit_kind, len(unit_id)) + unit_id + place


def receipt_row(
    project_id: int,
    bucket: int,
    accepted: int,
    duplicate: int,
    late: int,
    raw_bytes: int,
    signal: str,
    rejected_json: str,
) -> bytes:
    """A row of `ingest_receipts`."""
    # fmt: off
    fixed = _RECEIPT(
        8, 4, project_id, 4, bucket - _PG_EPOCH_DAY, 8, accepted, 8, duplicate, 8, late, 8, raw_bytes,
    )
    # fmt: on
    texts = (signal.encode(), _JSONB_VERSION + rejected_json.encode())
    return b"".join((fixed, *(part for text in texts for part in (_LENGTH(len(text)), text))))
