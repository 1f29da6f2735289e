"""Resources and scopes: one row per distinct message, written before the spans that refer to them, never removed."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import psycopg
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from trace_store.model import Envelope
from trace_store.queries import load
from trace_store.rows import VISIBLE_NUL

SQL = load("writer")
KNOWN_MAX = 65_536

EnvelopeKey = tuple[int, int]  # project, envelope id


class EnvelopeWriter:
    """Adds resources and scopes that the database does not hold yet; remembers the ones that it committed."""

    def __init__(self) -> None:
        self._resources: OrderedDict[EnvelopeKey, None] = OrderedDict()
        self._scopes: OrderedDict[EnvelopeKey, None] = OrderedDict()

    def forget(self) -> None:
        """Looks at the database again: it may be another one after a reconnect (a restored backup)."""
        self._resources.clear()
        self._scopes.clear()

    async def add(
        self,
        connection: psycopg.AsyncConnection[Any],
        resources: Mapping[EnvelopeKey, Envelope],
        scopes: Mapping[EnvelopeKey, Envelope],
    ) -> None:
        """Commits what is missing, apart from the spans, so that nobody waits long for a row of it.

        To be called outside a transaction: these commits do not wait for the disk, since that of the spans does.
        """
        new = {key: value for key, value in resources.items() if key not in self._resources}
        if new:
            rows = [(*_columns(key, value), *_service(value.otlp)) for key, value in new.items()]
            await connection.execute(SQL.upsert_resources, [list(column) for column in zip(*rows, strict=True)])
            _remember(self._resources, new)
        new = {key: value for key, value in scopes.items() if key not in self._scopes}
        if new:
            rows = [(*_columns(key, value), *_library(value.otlp)) for key, value in new.items()]
            await connection.execute(SQL.upsert_scopes, [list(column) for column in zip(*rows, strict=True)])
            _remember(self._scopes, new)


def _remember(known: OrderedDict[EnvelopeKey, None], new: Mapping[EnvelopeKey, Envelope]) -> None:
    known.update(dict.fromkeys(new))
    while len(known) > KNOWN_MAX:
        known.popitem(last=False)


def _columns(key: EnvelopeKey, envelope: Envelope) -> tuple[int, int, bytes, bytes, bytes]:
    return (*key, envelope.digest, envelope.schema_url.encode(), envelope.otlp)


def _text(text: str) -> str:
    return text.replace("\0", VISIBLE_NUL)


def _service(otlp: bytes) -> tuple[str, str]:
    """The attributes service.name and service.version of a Resource; "" where missing or not text."""
    try:
        attributes = Resource.FromString(otlp).attributes
    except DecodeError:  # invalid UTF-8 somewhere in it: stored, but without these two columns
        return "", ""
    found = {attribute.key: attribute.value.string_value for attribute in reversed(attributes)}
    return _text(found.get("service.name", "")), _text(found.get("service.version", ""))


def _library(otlp: bytes) -> tuple[str, str]:
    """Name and version of an InstrumentationScope."""
    try:
        scope = InstrumentationScope.FromString(otlp)
    except DecodeError:
        return "", ""
    return _text(scope.name), _text(scope.version)
