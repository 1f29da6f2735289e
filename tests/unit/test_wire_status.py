"""The status table: what senders retry, what they give up, and that both protocols say the same."""

import json

import grpc
import pytest
from google.protobuf.json_format import Parse
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otlp_receiver.decoded import Decoded, DecodedLogs, DecodedMetrics, DecodedTraces
from otlp_receiver.exceptions import (
    BodyTimeout,
    BodyTooLarge,
    MalformedBody,
    MethodNotAllowed,
    Overloaded,
    UnknownPath,
    UnsupportedMedia,
)
from otlp_receiver.status import encode_message, error_status, refusal, success_response
from trace_store.exceptions import RainbarrelError, StoreFull, StoreUnavailable

RETRYABLE_GRPC = {  # opentelemetry.io/docs/specs/otlp/#failures; RESOURCE_EXHAUSTED only with RetryInfo
    *(grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED),
    *(grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS),
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
RETRYABLE_HTTP = {429, 502, 503, 504}
PERMANENT = [
    (MalformedBody(), 400),
    (UnknownPath(), 404),
    (MethodNotAllowed(), 405),
    (BodyTimeout(), 408),
    (BodyTooLarge(), 413),
    (UnsupportedMedia(), 415),
    (RainbarrelError("novel"), 500),
    (KeyError("secret"), 500),
]


@pytest.mark.parametrize("error", [Overloaded(), StoreUnavailable(), StoreFull()])
def test_retryable_errors_say_when_to_come_back(error: Exception) -> None:
    found = refusal(error)
    assert (found.http_status, found.is_retryable) == (503, True)
    assert found.grpc_status in RETRYABLE_GRPC
    status = error_status(error)
    retry = RetryInfo()
    assert status.details[0].Unpack(retry)
    assert retry.retry_delay.seconds >= 1
    assert status.code == found.grpc_status.value[0]
    assert status.message == f"{error} Nothing was acknowledged: send the same data again."


@pytest.mark.parametrize(("error", "http_status"), PERMANENT)
def test_permanent_errors_are_never_retried(error: Exception, http_status: int) -> None:
    found = refusal(error)
    assert (found.http_status, found.is_retryable) == (http_status, False)
    assert found.grpc_status not in RETRYABLE_GRPC
    assert http_status not in RETRYABLE_HTTP
    assert not error_status(error).details


def test_unexpected_errors_tell_nothing_of_the_inside() -> None:
    assert "secret" not in error_status(KeyError("secret")).message


def test_a_status_in_either_encoding_is_the_same() -> None:
    status = error_status(StoreUnavailable("gone"))
    assert Status.FromString(encode_message(status, "protobuf")) == status
    assert Parse(encode_message(status, "json"), Status()) == status
    assert json.loads(encode_message(status, "json"))["details"][0]["retryDelay"] == "1s"


@pytest.mark.parametrize("decoded", [DecodedTraces(1), DecodedLogs(1), DecodedMetrics(1)])
def test_full_success_is_empty(decoded: Decoded) -> None:
    assert encode_message(success_response(decoded), "protobuf") == b""
    assert encode_message(success_response(decoded), "json") == b"{}"


def test_partial_success_counts_and_names_the_first_reasons() -> None:
    decoded = DecodedTraces(1)
    for number in range(40):
        decoded.rejections.add("trace_id_length", f"span 's{number}': trace_id has 5 bytes, not 16")
    decoded.rejections.add("span_malformed", "a span is malformed", 2)
    decoded.warnings.add("lone surrogates in strings were stored as U+FFFD")
    response = ExportTraceServiceResponse.FromString(encode_message(success_response(decoded), "protobuf"))
    assert response.partial_success.rejected_spans == 42
    message = response.partial_success.error_message
    assert message.startswith("rejected: 2 span_malformed, 40 trace_id_length; span 's0'")
    assert message.endswith("U+FFFD")
    assert json.loads(encode_message(success_response(decoded), "json"))["partialSuccess"]["rejectedSpans"] == "42"


def test_a_warning_alone_rejects_nothing() -> None:
    decoded = DecodedLogs(1, warnings={"something was stored differently"})
    partial = json.loads(encode_message(success_response(decoded), "json"))["partialSuccess"]
    assert partial == {"errorMessage": "something was stored differently"}
