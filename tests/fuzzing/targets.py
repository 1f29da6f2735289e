"""What is fuzzed: functions that take bytes of strangers. Each may raise what it documents; anything else is a bug."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import zstandard
from google.protobuf.json_format import MessageToJson
from starlette.datastructures import QueryParams

from otlp_receiver.accept import SPAN_ID_BYTES
from otlp_receiver.content import Compression
from otlp_receiver.decode import decode
from otlp_receiver.decode_events import EventKind, decode_events
from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces, Signal
from otlp_receiver.decompress import decompress
from otlp_receiver.exceptions import RequestRefused
from tests.otlp_made import metrics_request
from tests.recorded_requests import CLIENTS, recorded
from tests.run_cli import request_json, span_json
from tool_errors.judged import judge_facts
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.dialects import BUILT_IN
from trace_store.lists.step_language import BadSteps, read_steps
from trace_store.model import DEFAULT_PROJECT_ID, AcceptedSpan, Span, SpanVersion
from trace_store.spans import read_span
from web.issues.issue_parameters import read_issue_query
from web.lists.list_parameters import read_list_query
from web.overview.time_window import read_time_window
from web.query_api import event_filters, parameters
from web.query_api.signal_ids import Signals
from web.requests.errors import WebError

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SIGNALS: tuple[Signal, ...] = ("traces", "logs", "metrics")
KINDS: tuple[EventKind, ...] = ("track", "track_partial", "signals", "identify", "live")
COMPRESSIONS: tuple[Compression, ...] = ("gzip", "deflate", "zstd")
OUTPUT_BYTES_MAX = 1024 * 1024
SEED_BYTES_MAX = 20_000
_envelopes = DecodedEnvelopes()


@dataclass(frozen=True)
class Target:
    """One thing to fuzz; the first byte of an input chooses among several where there are several."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]


def run_protobuf(data: bytes) -> None:
    _decode(SIGNALS[data[0] % 3] if data else "traces", data[1:], "protobuf")


def run_json(data: bytes) -> None:
    _decode(SIGNALS[data[0] % 3] if data else "traces", data[1:], "json")


def _decode(signal: Signal, body: bytes, encoding: Any) -> None:
    try:
        decoded = decode(signal, body, encoding, DEFAULT_PROJECT_ID)
    except RequestRefused:
        return
    if isinstance(decoded, DecodedTraces):
        for span in decoded.spans:
            assert len(span.span_id) == SPAN_ID_BYTES
            _read(span)


def run_events(data: bytes) -> None:
    try:
        decode_events(KINDS[data[0] % 5] if data else "track", data[1:], DEFAULT_PROJECT_ID)
    except RequestRefused:
        return


def run_decompress(data: bytes) -> None:
    try:
        found = decompress(data[1:], COMPRESSIONS[data[0] % 3] if data else "gzip", OUTPUT_BYTES_MAX)
    except RequestRefused:
        return
    assert len(found) <= OUTPUT_BYTES_MAX


def run_files(data: bytes) -> None:
    try:
        decode_file(data)
    except RequestRefused:
        return


def run_dialects(data: bytes) -> None:
    """Spans of one request through normalise, transcript and the verdicts on their calls."""
    try:
        decoded = decode("traces", data, "protobuf", DEFAULT_PROJECT_ID)
    except RequestRefused:
        return
    for span in cast(DecodedTraces, decoded).spans:
        read = _read(span)
        facts = BUILT_IN.normalise(read)
        BUILT_IN.transcript(read)
        BUILT_IN.explain(read)
        if facts is not None:
            judge_facts(facts, SpanVersion(span.end_unix_nano, len(span.otlp), b""))


def run_parameters(data: bytes) -> None:
    query = QueryParams(data.decode("utf-8", "surrogateescape"))
    for read in (
        lambda: read_list_query(query, 1),
        lambda: read_issue_query(query, 1),
        lambda: read_time_window(query, "24h"),
        lambda: _read_event_query(query),
    ):
        with suppress(WebError):
            read()
    with suppress(BadSteps):
        read_steps(data.decode("utf-8", "replace"))


def _read_event_query(query: QueryParams) -> None:
    fields = [*event_filters.FIELDS, "limit", "order_by", "timestamp"]
    given = parameters.read_parameters(query, fields)
    given.limit()
    given.order({"timestamp": "start_unix_nano"})
    event_filters.event_conditions(given, Signals(()))


def _read(span: AcceptedSpan) -> Span:
    return read_span(span.otlp, _envelopes.resource(span.resource.otlp), _envelopes.scope(span.scope.otlp))


def _captures(pattern: str, prefix: bytes = b"") -> Iterator[bytes]:
    for path in sorted(FIXTURES.rglob(pattern)):
        if path.stat().st_size < SEED_BYTES_MAX:
            yield prefix + path.read_bytes()


def _protobuf_seeds() -> Iterator[bytes]:
    yield from _captures("*.traces.pb", b"\x00")
    yield from _captures("*.logs.pb", b"\x01")
    yield b"\x02" + metrics_request(3).SerializeToString()


def _json_seeds() -> Iterator[bytes]:
    yield from _captures("*.traces.json", b"\x00")
    yield from _captures("*.logs.json", b"\x01")
    yield b"\x02" + MessageToJson(metrics_request(3)).encode()
    yield b"\x00" + request_json(span_json("5b8efff798038103d269b633813fc60c"))


def _event_seeds() -> Iterator[bytes]:
    for sent in [each for client in CLIENTS for each in recorded(client)]:
        kind = sent.path.rsplit("/", 1)[-1]
        number = {"track_partial": 1, "identify": 3, "live": 4}.get(kind, 2 if "signals" in sent.path else 0)
        yield bytes([number]) + sent.body


def _compressed_seeds() -> Iterator[bytes]:
    text = b"span " * 100
    yield b"\x00" + gzip.compress(text)
    yield b"\x01" + zlib.compress(text)
    yield b"\x01" + zlib.compress(text)[2:-4]
    yield b"\x02" + zstandard.compress(text)
    yield b"\x02" + zstandard.compress(text) * 2


def _parameter_seeds() -> Iterator[bytes]:
    for text in (
        "q=refund&range=24h&errors=1&loops=true&conversation=c&limit=20&steps=search+%3E+book",
        "since=2026-11-01&until=1795256004000000000&after=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "properties[plan][gte]=3&traits[a]=b&timestamp.gte=2026-01-01T00:00:00Z&signal=x&order_by=-timestamp&limit=5.0",
        "user_id[startsWith]=u&cost_usd[lt]=0.5&tool_error=search&loop=true&duration_ms[neq]=1e3",
        "status=new&sort=users&kind=loop&tool=search",
    ):
        yield text.encode()
    yield b"llm > tool(search, failed) > not tool"


TARGETS = {
    "protobuf": Target(run_protobuf, _protobuf_seeds),
    "json": Target(run_json, _json_seeds),
    "events": Target(run_events, _event_seeds),
    "decompress": Target(run_decompress, _compressed_seeds),
    "files": Target(run_files, lambda: _captures("00*.*")),
    "dialects": Target(run_dialects, lambda: _captures("*.traces.pb")),
    "parameters": Target(run_parameters, _parameter_seeds),
}
