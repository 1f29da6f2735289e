"""Decodes OTLP files for `inspect` and `import`: what senders, collectors and `export` write, told apart by content.

Protobuf: one TracesData or LogsData (the wire form of the export requests). JSON: one request, an array of requests,
or one request per line, as the collector's file exporter writes. gzip and zstd around any of them.
"""

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver import decode_json, decode_protobuf
from otlp_receiver.accept import SPAN_ID_BYTES, TRACE_ID_BYTES
from otlp_receiver.content import Compression
from otlp_receiver.decoded import DecodedLogs, DecodedTraces
from otlp_receiver.decompress import decompress
from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.json_messages import Warnings
from otlp_receiver.json_text import parse_json
from trace_store.model import DEFAULT_PROJECT_ID

FILE_BYTES_MAX = 1024 * 1024 * 1024

_MAGICS: tuple[tuple[bytes, Compression], ...] = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))


def decode_file(data: bytes, project_id: int = DEFAULT_PROJECT_ID) -> list[DecodedTraces | DecodedLogs]:
    """Decode the content of one file; metrics in it are ignored.

    Raises BodyTooLarge over FILE_BYTES_MAX and MalformedBody when it is neither OTLP protobuf nor OTLP/JSON.
    """
    compression: Compression = next((name for magic, name in _MAGICS if data.startswith(magic)), "identity")
    body = decompress(data, compression, FILE_BYTES_MAX)
    if body.lstrip()[:1] not in (b"{", b"["):
        return [_decode_protobuf(body, project_id)]
    try:
        return _decode_json(body, project_id)
    except MalformedBody as json_error:
        try:  # protobuf may begin like JSON: its first byte is a line feed, its second may be a brace
            return [_decode_protobuf(body, project_id)]
        except MalformedBody:
            raise json_error from None


def _decode_protobuf(body: bytes, project_id: int) -> DecodedTraces | DecodedLogs:
    if _holds_logs(body):
        return decode_protobuf.decode_logs(body, project_id)
    return decode_protobuf.decode_traces(body, project_id)


def _holds_logs(body: bytes) -> bool:
    """Tell logs from spans by the first record that is one of them for certain; their frames are the same."""
    for raw in decode_protobuf.item_bytes(body):
        try:
            span = Span.FromString(raw)
            if len(span.trace_id) == TRACE_ID_BYTES and len(span.span_id) == SPAN_ID_BYTES:
                return False
        except DecodeError:
            pass
        try:
            log = LogRecord.FromString(raw)
        except DecodeError:
            continue
        if log.time_unix_nano or log.observed_time_unix_nano or log.HasField("body"):
            return True
    return False


def _decode_json(body: bytes, project_id: int) -> list[DecodedTraces | DecodedLogs]:
    decoded: list[DecodedTraces | DecodedLogs] = []
    for value, warnings in _documents(body):
        requests = value if isinstance(value, list) else [value]
        for request in requests:
            if not isinstance(request, dict) or not _has_any(
                request, "resourceSpans", "resourceLogs", "resourceMetrics"
            ):
                raise MalformedBody("the JSON is no OTLP: resourceSpans or resourceLogs expected")
            if _has_any(request, "resourceSpans"):
                decoded.append(decode_json.decode_traces(request, project_id, warnings))
            if _has_any(request, "resourceLogs"):
                decoded.append(decode_json.decode_logs(request, project_id, warnings))
    return decoded


def _documents(body: bytes) -> Iterator[tuple[Any, Warnings]]:
    """The JSON values of a file: one, or one per line."""
    warnings: Warnings = set()
    try:
        yield parse_json(body, warnings), warnings
        return
    except MalformedBody:
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
    for line in lines:
        line_warnings: Warnings = set()
        yield parse_json(line, line_warnings), line_warnings


def _has_any(request: dict[str, Any], *names: str) -> bool:
    return any(name in request or name.replace("resource", "resource_").lower() in request for name in names)
