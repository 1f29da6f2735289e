"""Stored spans as OTLP `TracesData`: in protobuf with the exact bytes of every span, or in OTLP's JSON.

Source: opentelemetry-proto `trace.proto` (field numbers) and the OTLP specification, "JSON Protobuf Encoding" (ids in
hex, enums as numbers, 64-bit integers as strings, other bytes in base64).
"""

from collections.abc import Iterable
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from trace_store.model import KIND_FROM_LOG
from trace_store.stored import StoredEnvelope, StoredSpan

Group = tuple[StoredEnvelope, list[tuple[StoredEnvelope, list[bytes]]]]  # resource, its scopes, their spans

_FIRST, _SECOND, _THIRD = b"\x0a", b"\x12", b"\x1a"  # tags of the length-delimited fields 1, 2 and 3


def traces_protobuf(spans: Iterable[StoredSpan]) -> bytes:
    """A `TracesData` message; spans stand under their resource and scope, in the order given.

    Spans that stand for log records are left out: nobody sent them.
    """
    resource_spans = []
    for resource, scopes in _grouped(spans):
        scope_spans = [
            _field(
                _SECOND,
                (_field(_FIRST, scope.otlp) if scope.otlp else b"")
                + b"".join(_field(_SECOND, span) for span in otlp)
                + _text_field(_THIRD, scope.schema_url),
            )
            for scope, otlp in scopes
        ]
        body = (_field(_FIRST, resource.otlp) if resource.otlp else b"") + b"".join(scope_spans)
        resource_spans.append(_field(_FIRST, body + _text_field(_THIRD, resource.schema_url)))
    return b"".join(resource_spans)


def traces_json(spans: Iterable[StoredSpan]) -> bytes:
    """The same as OTLP JSON; fields that no version of OTLP known here has are left out."""
    return orjson.dumps({"resourceSpans": [_resource_json(*group) for group in _grouped(spans)]})


def span_json(otlp: bytes) -> dict[str, Any]:
    """One span as OTLP JSON."""
    span = Span.FromString(otlp)
    found = _message_json(span)
    found["traceId"], found["spanId"] = span.trace_id.hex(), span.span_id.hex()
    if span.parent_span_id:
        found["parentSpanId"] = span.parent_span_id.hex()
    for link, link_json in zip(span.links, found.get("links", ()), strict=True):
        link_json["traceId"], link_json["spanId"] = link.trace_id.hex(), link.span_id.hex()
    return found


def _grouped(spans: Iterable[StoredSpan]) -> list[Group]:
    groups: dict[StoredEnvelope, dict[StoredEnvelope, list[bytes]]] = {}
    for span in spans:
        if span.row.kind == KIND_FROM_LOG:  # nobody sent it
            continue
        groups.setdefault(span.resource, {}).setdefault(span.scope, []).append(span.otlp)
    return [(resource, list(scopes.items())) for resource, scopes in groups.items()]


def _resource_json(resource: StoredEnvelope, scopes: list[tuple[StoredEnvelope, list[bytes]]]) -> dict[str, Any]:
    found: dict[str, Any] = {"resource": _message_json(Resource.FromString(resource.otlp))}
    found["scopeSpans"] = [
        {
            "scope": _message_json(InstrumentationScope.FromString(scope.otlp)),
            "spans": [span_json(span) for span in otlp],
            **({"schemaUrl": scope.schema_url} if scope.schema_url else {}),
        }
        for scope, otlp in scopes
    ]
    if resource.schema_url:
        found["schemaUrl"] = resource.schema_url
    return found


def _message_json(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message, use_integers_for_enums=True)
    return found


def _field(tag: bytes, body: bytes) -> bytes:
    return b"".join((tag, _varint(len(body)), body))


def _text_field(tag: bytes, text: str) -> bytes:
    return _field(tag, text.encode()) if text else b""


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
