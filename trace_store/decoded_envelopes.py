"""Decoded resources and scopes: shared by many spans, so each distinct message is decoded once."""

from collections.abc import Mapping
from typing import Any

from trace_store.spans import Scope, read_resource, read_scope


class DecodedEnvelopes:
    """Decodes each Resource and InstrumentationScope message once; lives as long as one batch."""

    def __init__(self) -> None:
        self._resources: dict[bytes, Mapping[str, Any]] = {}
        self._scopes: dict[bytes, Scope] = {}

    def resource(self, otlp: bytes) -> Mapping[str, Any]:
        """The attributes of a Resource message."""
        found = self._resources.get(otlp)
        if found is None:
            found = self._resources[otlp] = read_resource(otlp)
        return found

    def scope(self, otlp: bytes) -> Scope:
        """An InstrumentationScope message."""
        found = self._scopes.get(otlp)
        if found is None:
            found = self._scopes[otlp] = read_scope(otlp)
        return found
