"""Outcome to wire status, in one table: what is permanent, what is worth a retry, and how either is said.

Sources: opentelemetry.io/docs/specs/otlp (#failures, #otlphttp-response), google/rpc/status.proto. Retryable answers
carry RetryInfo, over HTTP also Retry-After. Overload uses 503 and not 429, because Python's exporter drops the data on
429, which is for those who send more than somebody allowed them.
"""

from dataclasses import dataclass

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from otlp_receiver.content import Encoding
from otlp_receiver.decoded import Decoded
from otlp_receiver.exceptions import (
    BadProject,
    BodyTimeout,
    BodyTooLarge,
    MalformedBody,
    MethodNotAllowed,
    Overloaded,
    PermissionDenied,
    SentTooMuch,
    Unauthenticated,
    UnknownPath,
    UnsupportedMedia,
)
from trace_store.exceptions import RainbarrelError, StoreUnavailable

RETRY_DELAY_S = 1
_MESSAGE_CHARACTERS_MAX = 2000
_RETRY_HINT = " Nothing was acknowledged: send the same data again."


@dataclass(frozen=True, slots=True)
class Refusal:
    """How one outcome is said over both protocols."""

    grpc_status: grpc.StatusCode
    http_status: int
    is_retryable: bool = False


_REFUSALS: tuple[tuple[type[RainbarrelError], Refusal], ...] = (
    (MalformedBody, Refusal(grpc.StatusCode.INVALID_ARGUMENT, 400)),
    (BadProject, Refusal(grpc.StatusCode.INVALID_ARGUMENT, 400)),
    (Unauthenticated, Refusal(grpc.StatusCode.UNAUTHENTICATED, 401)),
    (PermissionDenied, Refusal(grpc.StatusCode.PERMISSION_DENIED, 403)),
    (UnknownPath, Refusal(grpc.StatusCode.NOT_FOUND, 404)),
    (MethodNotAllowed, Refusal(grpc.StatusCode.UNIMPLEMENTED, 405)),
    (BodyTimeout, Refusal(grpc.StatusCode.INVALID_ARGUMENT, 408)),
    (BodyTooLarge, Refusal(grpc.StatusCode.INVALID_ARGUMENT, 413)),
    (UnsupportedMedia, Refusal(grpc.StatusCode.INVALID_ARGUMENT, 415)),
    (SentTooMuch, Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, 429, is_retryable=True)),
    (Overloaded, Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, 503, is_retryable=True)),
    (StoreUnavailable, Refusal(grpc.StatusCode.UNAVAILABLE, 503, is_retryable=True)),
)
_UNEXPECTED = Refusal(grpc.StatusCode.INTERNAL, 500)


def refusal(error: Exception) -> Refusal:
    """The row of the table that an exception falls under; anything unknown is a permanent internal error."""
    return next((found for kind, found in _REFUSALS if isinstance(error, kind)), _UNEXPECTED)


def retry_delay_s(error: Exception) -> int:
    """After how many seconds what is retryable is worth another try."""
    return error.wait_s if isinstance(error, SentTooMuch) else RETRY_DELAY_S


def error_message(error: Exception) -> str:
    """What the sender reads. An unexpected error tells nothing of our inside; the log has it."""
    if isinstance(error, RainbarrelError):
        hint = _RETRY_HINT if refusal(error).is_retryable else ""
        return str(error)[:_MESSAGE_CHARACTERS_MAX] + hint
    return "Rainbarrel failed on this request; its log says why"


def error_status(error: Exception) -> Status:
    """The google.rpc.Status of a refused request."""
    found = refusal(error)
    status = Status(code=found.grpc_status.value[0], message=error_message(error))
    if found.is_retryable:
        status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=retry_delay_s(error))))
    return status


def success_response(decoded: Decoded) -> Message:
    """The Export...ServiceResponse of a stored request: empty, or with `partial_success` when something was rejected
    or stored differently than sent."""
    message = _partial_message(decoded)
    rejected = decoded.rejections.total
    if decoded.signal == "metrics":
        return ExportMetricsServiceResponse()
    if decoded.signal == "logs":
        if not message:
            return ExportLogsServiceResponse()
        return ExportLogsServiceResponse(
            partial_success=ExportLogsPartialSuccess(rejected_log_records=rejected, error_message=message)
        )
    if not message:
        return ExportTraceServiceResponse()
    return ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    )


def encode_message(message: Message, encoding: Encoding) -> bytes:
    """A response in the encoding of its request."""
    if encoding == "protobuf":
        encoded: bytes = message.SerializeToString()
        return encoded
    text: str = MessageToJson(message, indent=None)
    return text.encode()


def _partial_message(decoded: Decoded) -> str:
    rejections = decoded.rejections
    parts = list(rejections.details)
    if rejections.counts:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(rejections.counts.items()))
        parts.insert(0, f"rejected: {counts}")
    parts.extend(sorted(decoded.warnings))
    return "; ".join(parts)[:_MESSAGE_CHARACTERS_MAX]
