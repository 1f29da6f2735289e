"""Resource and InstrumentationScope messages as `Envelope`s: checked and digested once, then remembered."""

import hashlib
from functools import lru_cache

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.field_counts import require_few_fields
from trace_store.model import Envelope

_REMEMBERED = 1024
_REMEMBERED_BYTES_MAX = 16 * 1024  # each; together at most 16 MiB per kind
_LENGTH_BYTES = 8


def envelope(otlp: bytes, schema_url: str) -> Envelope:
    """The envelope of an encoded Resource or InstrumentationScope; equal input gives an equal id everywhere."""
    digest = hashlib.sha256()
    for part in (otlp, schema_url.encode()):
        digest.update(len(part).to_bytes(_LENGTH_BYTES, "big"))
        digest.update(part)
    found = digest.digest()
    return Envelope(int.from_bytes(found[:8], "big", signed=True), found, otlp, schema_url)


def resource_envelope(otlp: bytes, schema_url: bytes) -> Envelope:
    """The envelope of a Resource message. Raises MalformedBody when it is none, or holds invalid UTF-8."""
    if len(otlp) + len(schema_url) > _REMEMBERED_BYTES_MAX:
        return _resource(otlp, schema_url)
    return _remembered_resource(otlp, schema_url)


def scope_envelope(otlp: bytes, schema_url: bytes) -> Envelope:
    """The envelope of an InstrumentationScope message. Raises MalformedBody as `resource_envelope` does."""
    if len(otlp) + len(schema_url) > _REMEMBERED_BYTES_MAX:
        return _scope(otlp, schema_url)
    return _remembered_scope(otlp, schema_url)


def _resource(otlp: bytes, schema_url: bytes) -> Envelope:
    require_few_fields(otlp, Resource.DESCRIPTOR)
    try:
        Resource.FromString(otlp)
        return envelope(otlp, schema_url.decode())
    except (DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"its resource is malformed: {error}") from error


def _scope(otlp: bytes, schema_url: bytes) -> Envelope:
    require_few_fields(otlp, InstrumentationScope.DESCRIPTOR)
    try:
        InstrumentationScope.FromString(otlp)
        return envelope(otlp, schema_url.decode())
    except (DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"its scope is malformed: {error}") from error


_remembered_resource = lru_cache(_REMEMBERED)(_resource)
_remembered_scope = lru_cache(_REMEMBERED)(_scope)
