"""A sender that behaves as OTLP asks: it repeats a request until it is answered, and remembers what was acknowledged.

Real requests over HTTP and gRPC, from threads of this process. Every request has span ids of its own.
Sources: opentelemetry.io/docs/specs/otlp, #failures and #otlphttp-response.
"""

import http.client
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.faults.wait_until import wait_until

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
HTTP_RETRYABLE = {429, 502, 503, 504}
GRPC_RETRYABLE = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
CHANNEL = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 300))
RECONNECT_DELAY_S = 0.1
STREAM_REMOVED = "Stream removed"  # what the client now and then says of a connection that broke (grpc/grpc#34076)

SpanKey = tuple[bytes, bytes]  # trace id, span id


@dataclass(frozen=True)
class Answer:
    """What one attempt came to."""

    protocol: str
    outcome: str  # acknowledged, retryable, refused (never to be sent again), no answer (connection lost, timeout)
    took_s: float
    ended_at: float  # time.monotonic()
    status: str = ""
    text: str = ""
    retry_delay_s: float | None = None


@dataclass
class Sent:
    """Everything that senders know; filled by their threads."""

    acknowledged: dict[SpanKey, bytes] = field(default_factory=dict)  # the exact bytes of each span
    unanswered: set[SpanKey] = field(default_factory=set)  # given up at the end of the test
    answers: list[Answer] = field(default_factory=list)

    def since(self, moment: float, protocol: str = "") -> list[Answer]:
        """The answers to attempts that began after `moment`; over one protocol if it is given."""
        begun = [answer for answer in list(self.answers) if answer.ended_at - answer.took_s >= moment]
        return [answer for answer in begun if protocol in ("", answer.protocol)]

    def wait_for_both(self, moment: float) -> list[Answer]:
        """The answers since `moment`, once there are some over each protocol."""
        for protocol in ("http", "grpc"):
            wait_until(partial(self.since, moment, protocol), f"requests over {protocol} are answered")
        return self.since(moment)


def make_request(span_count: int, text_bytes: int) -> tuple[bytes, dict[SpanKey, bytes]]:
    """One new trace as an ExportTraceServiceRequest, and its spans."""
    now, trace_id = time.time_ns(), secrets.token_bytes(16)
    spans: list[Span] = []
    for number in range(span_count):
        span = Span(trace_id=trace_id, span_id=secrets.token_bytes(8), name=f"step {number}")
        span.start_time_unix_nano, span.end_time_unix_nano = now - 10**9 + number, now
        if spans:
            span.parent_span_id = spans[0].span_id
        if text_bytes:
            span.attributes.add(key="text").value.string_value = secrets.token_hex(text_bytes // 2)
        spans.append(span)
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend(spans)
    return request.SerializeToString(), {(trace_id, span.span_id): span.SerializeToString() for span in spans}


class HttpExporter:
    """OTLP over HTTP, one connection."""

    protocol = "http"

    def __init__(self, url: str, timeout_s: float) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)

    def send(self, body: bytes) -> tuple[str, str, str, float | None]:
        """Outcome, status, text and how long to wait before the next attempt."""
        headers = {"content-type": "application/x-protobuf"}
        try:
            self._connection.request("POST", "/v1/traces", body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return "no answer", type(error).__name__, str(error), None
        retry_after = response.headers.get("retry-after")
        if response.status == 200:
            answer = ExportTraceServiceResponse.FromString(content)
            assert not answer.partial_success.rejected_spans, answer
            return "acknowledged", "200", "", None
        outcome = "retryable" if response.status in HTTP_RETRYABLE else "refused"
        text = Status.FromString(content).message
        return outcome, str(response.status), text, float(retry_after) if retry_after else None

    def close(self) -> None:
        self._connection.close()


class GrpcExporter:
    """OTLP over gRPC, one channel."""

    protocol = "grpc"

    def __init__(self, endpoint: str, timeout_s: float) -> None:
        # a subchannel pool of its own: each exporter is a client with a connection of its own
        self._channel = grpc.insecure_channel(
            urlsplit(endpoint).netloc, options=(*CHANNEL, ("grpc.use_local_subchannel_pool", 1))
        )
        self._export = self._channel.unary_unary(EXPORT)
        self._timeout_s = timeout_s

    def send(self, body: bytes) -> tuple[str, str, str, float | None]:
        """As with HTTP."""
        try:
            answer = ExportTraceServiceResponse.FromString(self._export(body, timeout=self._timeout_s))
        except grpc.RpcError as error:
            delay_s = retry_delay_s(error)
            code: Any = error.code()
            if delay_s is None and (code in GRPC_RETRYABLE or error.details() == STREAM_REMOVED):
                return "no answer", code.name, error.details() or "", None  # made by gRPC, not by a receiver
            retryable = code in GRPC_RETRYABLE or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and delay_s is not None)
            return "retryable" if retryable else "refused", code.name, error.details() or "", delay_s
        assert not answer.partial_success.rejected_spans, answer
        return "acknowledged", "OK", "", None

    def close(self) -> None:
        self._channel.close()


def retry_delay_s(error: grpc.RpcError) -> float | None:
    """What RetryInfo says; None without one."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in Status.FromString(value).details:
                info = RetryInfo()
                if detail.Unpack(info):
                    return float(info.retry_delay.ToNanoseconds()) / 1e9
    return None


class RetryingSenders:
    """Threads that send what `make` makes, request after request, until `finish`."""

    def __init__(
        self,
        exporters: Sequence[Callable[[], HttpExporter | GrpcExporter]],
        make: Callable[[], tuple[bytes, dict[SpanKey, bytes]]],
        pause_s: float = 0.0,
    ) -> None:
        self.sent = Sent()
        self._make = make
        self._pause_s = pause_s
        self._enough = threading.Event()
        self._give_up = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, args=(make,)) for make in exporters]
        for thread in self._threads:
            thread.start()

    def wait_for_more(self, spans: int) -> None:
        """Returns once so many more spans are acknowledged."""
        enough = len(self.sent.acknowledged) + spans
        wait_until(lambda: len(self.sent.acknowledged) >= enough, f"{spans} more spans are acknowledged")

    def finish(self, timeout_s: float = 120.0) -> Sent:
        """Begin no new request, wait until those under way are acknowledged (at most `timeout_s`), and tell."""
        self._enough.set()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return self.give_up()

    def give_up(self) -> Sent:
        """Stop after the attempts under way, acknowledged or not."""
        self._enough.set()
        self._give_up.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]
        return self.sent

    def _work(self, make: Callable[[], HttpExporter | GrpcExporter]) -> None:
        exporter = make()
        try:
            while not self._enough.is_set():
                body, spans = self._make()
                (self.sent.acknowledged if self._deliver(exporter, body) else self.sent.unanswered).update(spans)
                self._enough.wait(self._pause_s)
        except BaseException as error:
            self._failures.append(error)
        finally:
            exporter.close()

    def _deliver(self, exporter: HttpExporter | GrpcExporter, body: bytes) -> bool:
        while not self._give_up.is_set():
            begin = time.monotonic()
            outcome, status, text, delay_s = exporter.send(body)
            now = time.monotonic()
            self.sent.answers.append(Answer(exporter.protocol, outcome, now - begin, now, status, text, delay_s))
            if outcome == "acknowledged":
                return True
            assert outcome != "refused", f"{exporter.protocol}: {status} {text}"
            self._give_up.wait(RECONNECT_DELAY_S if delay_s is None else delay_s)
        return False


@contextmanager
def retrying_senders(
    url: str,
    grpc_endpoint: str,
    *,
    each: int = 2,
    spans: int = 20,
    text_bytes: int = 200,
    timeout_s: float = 60.0,
) -> Iterator[RetryingSenders]:
    """`each` senders over HTTP and as many over gRPC; the block calls `finish` or `give_up`."""
    http_makers = [lambda: HttpExporter(url, timeout_s)] * each
    grpc_makers = [lambda: GrpcExporter(grpc_endpoint, timeout_s)] * each
    senders = RetryingSenders([*http_makers, *grpc_makers], partial(make_request, spans, text_bytes))
    try:
        yield senders
    finally:
        senders._give_up.set()
        senders.give_up()
