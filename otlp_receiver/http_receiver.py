"""OTLP over HTTP: POST /v1/traces, /v1/logs and /v1/metrics, and their aliases, as a plain ASGI application.

It stands ahead of the web application on the same port: `handles` says which requests are its own.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from otlp_receiver.access import Access
from otlp_receiver.content import MEDIA_TYPES, Encoding, request_compression, request_encoding
from otlp_receiver.cors import ANY_ORIGIN, cors_headers, preflight_headers
from otlp_receiver.decoded import Signal
from otlp_receiver.decompress import too_large
from otlp_receiver.exceptions import MethodNotAllowed, UnknownPath
from otlp_receiver.export import Exporter
from otlp_receiver.http_answers import (
    ALLOWED_METHODS,
    Scope,
    Send,
    client_address,
    error_headers,
    plain_path,
    respond,
)
from otlp_receiver.request_body import BODY_TIMEOUT_S, ClientGone, read_body
from otlp_receiver.status import encode_message, error_status, refusal, success_response
from trace_store.exceptions import RainbarrelError

Receive = Callable[[], Awaitable[dict[str, Any]]]

_PREFIXES = ("/v1", "/otel/v1", "/v1/otel/v1", "/api/public/otel/v1")  # OTLP; Raindrop's aliases; made for Langfuse
_SIGNALS: tuple[Signal, ...] = ("traces", "logs", "metrics")
PATHS: dict[str, Signal] = {f"{prefix}/{signal}": signal for prefix in _PREFIXES for signal in _SIGNALS}
QUERY_PATH = "/v1/traces"

_log = logging.getLogger(__name__)


class HttpReceiver:
    """The ASGI application of the OTLP paths."""

    def __init__(
        self,
        exporter: Exporter,
        *,
        allowed_origins: Sequence[str] = (ANY_ORIGIN,),
        body_timeout_s: float = BODY_TIMEOUT_S,
    ) -> None:
        self._exporter = exporter
        self._allowed_origins = frozenset(allowed_origins)
        self._body_timeout_s = body_timeout_s

    @staticmethod
    def handles(scope: Scope) -> bool:
        """True for requests to an OTLP path; reading /v1/traces belongs to the query API."""
        if scope["type"] != "http" or _signal(scope) is None:
            return False
        return scope["method"] not in ("GET", "HEAD") or scope["path"] != QUERY_PATH

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        allowed = cors_headers(headers.get("origin"), self._allowed_origins)
        if scope["method"] == "OPTIONS" and _signal(scope) is not None:
            methods = (b"allow", ALLOWED_METHODS)
            await respond(send, 204, [methods, *allowed, *preflight_headers(headers, allowed)], b"", "")
            return
        encoding: Encoding = "json"
        try:
            signal = _signal(scope)
            if signal is None:
                raise UnknownPath
            if scope["method"] != "POST":
                raise MethodNotAllowed
            encoding = request_encoding(headers.get("content-type", ""))
            access = await self._exporter.access.to_send(headers, client_address(scope))
            message = success_response(await self._export(signal, headers, encoding, receive, access))
        except ClientGone:
            return
        except Exception as error:
            if not isinstance(error, RainbarrelError):
                _log.exception("a request failed")
            status = refusal(error).http_status
            body = encode_message(error_status(error), encoding)
            await respond(send, status, [*error_headers(error), *allowed], body, MEDIA_TYPES[encoding])
            return
        await respond(send, 200, allowed, encode_message(message, encoding), MEDIA_TYPES[encoding])

    async def _export(
        self, signal: Signal, headers: dict[str, str], encoding: Encoding, receive: Receive, access: Access
    ) -> Any:
        compression = request_compression(headers.get("content-encoding", ""))
        bytes_max = self._exporter.request_bytes_max
        if int(headers.get("content-length", 0)) > bytes_max:
            raise too_large(bytes_max)
        with self._exporter.budget.reservation() as reservation:
            pieces = await read_body(receive, reservation, bytes_max, self._body_timeout_s)
            return await self._exporter.export(signal, pieces, encoding, compression, access, reservation)


def _signal(scope: Scope) -> Signal | None:
    """The signal of a path."""
    return PATHS.get(scope["path"]) or PATHS.get(plain_path(scope))
