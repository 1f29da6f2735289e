"""Files: protobuf or JSON, traces or logs, compressed or not, told apart by what is in them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedLogs, DecodedTraces
from otlp_receiver.exceptions import BodyTooLarge, MalformedBody
from tests.otlp_json import otlp_json
from tests.otlp_strategies import log_requests, trace_requests

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "otlp"
TRACES_PB = (FIXTURES / "openai_events" / "001.traces.pb").read_bytes()
LOGS_PB = (FIXTURES / "openai_events" / "002.logs.pb").read_bytes()
TRACES_JSON = otlp_json(ExportTraceServiceRequest.FromString(TRACES_PB))
LOGS_JSON = otlp_json(ExportLogsServiceRequest.FromString(LOGS_PB))


def kinds(data: bytes) -> list[tuple[type[Any], int]]:
    decoded = decode_file(data)
    assert all(one.rejections.counts == {} for one in decoded)
    return [(type(one), len(one.spans if isinstance(one, DecodedTraces) else one.logs)) for one in decoded]


TRACES, LOGS = kinds(TRACES_PB)[0], kinds(LOGS_PB)[0]


def test_the_captures_hold_both_signals() -> None:
    assert (TRACES[0], LOGS[0]) == (DecodedTraces, DecodedLogs)
    assert TRACES[1] > 0
    assert LOGS[1] > 0


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_protobuf_and_json_compressed_or_not(compress: Any) -> None:
    assert kinds(compress(TRACES_PB)) == kinds(compress(json.dumps(TRACES_JSON).encode())) == [TRACES]
    assert kinds(compress(LOGS_PB)) == kinds(compress(json.dumps(LOGS_JSON, indent=2).encode())) == [LOGS]


def test_json_lines_arrays_and_both_signals_in_one_object() -> None:
    lines = [json.dumps(TRACES_JSON), "", json.dumps(LOGS_JSON), json.dumps({"resourceMetrics": []})]
    assert kinds("\n".join(lines).encode()) == [TRACES, LOGS]
    assert kinds(json.dumps([LOGS_JSON, TRACES_JSON]).encode()) == [LOGS, TRACES]
    assert kinds(json.dumps(TRACES_JSON | LOGS_JSON).encode()) == [TRACES, LOGS]
    assert kinds(json.dumps({"resource_spans": TRACES_JSON["resourceSpans"]}).encode()) == [TRACES]


@given(trace_requests() | log_requests(), st.booleans())
@settings(max_examples=100)
def test_requests_are_told_apart(request: ExportTraceServiceRequest | ExportLogsServiceRequest, as_json: bool) -> None:
    data = json.dumps(otlp_json(request)).encode() if as_json else request.SerializeToString()
    if as_json and data == b"{}":
        return
    holds_logs = isinstance(request, ExportLogsServiceRequest)
    (decoded,) = decode_file(data)
    if isinstance(decoded, DecodedLogs):
        assert holds_logs
        return
    # records that say nothing at all may be taken for spans, then they are named
    assert not holds_logs or not decoded.spans


@pytest.mark.parametrize("data", [b"{", b"[1]", b'{"a": 1}', b"hello", b'{"resourceSpans": []}\nx', b"\x1f\x8bxx"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode_file(data)


def test_protobuf_that_begins_like_json_is_protobuf() -> None:
    body = b"\n" + bytes([ord("{")]) + b"\x1a" + bytes([0x79]) + b"u" * 0x79
    assert body.strip().startswith(b"{")
    assert kinds(body) == [(DecodedTraces, 0)]


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otlp_receiver.decode_file.FILE_BYTES_MAX", 100)
    with pytest.raises(BodyTooLarge, match="100 bytes"):
        decode_file(TRACES_PB)
