"""Raindrop's ingest API: events, partials, signals, users, beside the OTLP paths, as a plain ASGI application.

The clients read no body of a success; errors are `{"error": {"code", "message"}}`. One bad item never fails its batch:
the others are stored, and receipts count it with its reason. docs/api.md has the paths, docs/interactions.md the rules.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import orjson

from otlp_receiver.content import ACCEPTED_COMPRESSIONS, request_compression
from otlp_receiver.cors import ANY_ORIGIN, cors_headers, preflight_headers
from otlp_receiver.decode_events import EventKind, decode_events
from otlp_receiver.decoded import DecodedEvents
from otlp_receiver.decompress import too_large
from otlp_receiver.erased_records import REASON as ERASED
from otlp_receiver.exceptions import BodyTimeout, MalformedBody, MethodNotAllowed, Unauthenticated, UnsupportedMedia
from otlp_receiver.export import Exporter
from otlp_receiver.http_receiver import WWW_AUTHENTICATE, client_address
from otlp_receiver.request_body import BODY_TIMEOUT_S, ClientGone, read_body
from otlp_receiver.status import RETRY_DELAY_S, error_message, refusal
from trace_store.exceptions import RainbarrelError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PATHS: dict[str, EventKind] = {
    "/v1/events/track": "track",
    "/v1/events/track_partial": "track_partial",
    "/v1/signals/track": "signals",
    "/v1/users/identify": "identify",
    "/v1/live": "live",
}
PROBE_PATH = "/v1"  # HEAD: Raindrop's Python SDK asks whether somebody is there
ALLOWED_METHODS = b"POST, OPTIONS"
_CODES = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_CODES |= {408: "REQUEST_TIMEOUT", 413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE", 429: "TOO_MANY_REQUESTS"}
_CODES |= {503: "SERVICE_UNAVAILABLE"}

_log = logging.getLogger(__name__)


class RaindropReceiver:
    """The ASGI application of these paths."""

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
        """True for what clients post; reading the same paths belongs to the query API."""
        if scope["type"] != "http":
            return False
        path = _path(scope)
        if scope["method"] == "HEAD":
            return path == PROBE_PATH
        return path in PATHS and scope["method"] != "GET"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        allowed = cors_headers(headers.get("origin"), self._allowed_origins)
        if scope["method"] == "HEAD":
            await _respond(send, 200, allowed)
            return
        if scope["method"] == "OPTIONS":
            await _respond(send, 204, [(b"allow", ALLOWED_METHODS), *allowed, *preflight_headers(headers, allowed)])
            return
        try:
            if scope["method"] != "POST":
                raise MethodNotAllowed("Events are sent by POST.")
            kind = PATHS[_path(scope)]
            access = await self._exporter.access.to_send(headers, client_address(scope))
            decoded = await self._post(kind, headers, receive, access.project_id)
            status, body = _success(kind, decoded)
        except ClientGone:
            return
        except Exception as error:
            if not isinstance(error, RainbarrelError):
                _log.exception("a request failed")
            status = refusal(error).http_status
            body = error_body(status, error_message(error))
            await _respond(send, status, [*_error_headers(error), *allowed], body)
            return
        await _respond(send, status, allowed, body)

    async def _post(self, kind: EventKind, headers: dict[str, str], receive: Receive, project_id: int) -> DecodedEvents:
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedMedia(
                f"Content-Type {media_type[:80] or '(none)'!r} is not supported: send application/json"
            )
        compression = request_compression(headers.get("content-encoding", ""))
        bytes_max = self._exporter.request_bytes_max
        if int(headers.get("content-length", 0)) > bytes_max:
            raise too_large(bytes_max)
        with self._exporter.budget.reservation() as reservation:
            body = await read_body(receive, reservation, bytes_max, self._body_timeout_s)
            decode = partial(decode_events, kind, project_id=project_id)
            return await self._exporter.post(decode, body, compression, reservation)


def error_body(status: int, message: str) -> bytes:
    """An error as Raindrop's clients read it."""
    return orjson.dumps({"error": {"code": _CODES.get(status, "INTERNAL"), "message": message}})


def _success(kind: EventKind, decoded: DecodedEvents) -> tuple[int, bytes]:
    """Status and body; raises MalformedBody when there was something and nothing of it could be kept.

    What is refused because it was erased is no mistake of its sender.
    """
    rejections = decoded.rejections
    if rejections.counts.keys() - {ERASED} and not (decoded.updates or decoded.feedback or decoded.users):
        raise MalformedBody("Nothing of the body could be stored: " + "; ".join(rejections.details))
    rejected = {}
    if rejections.counts:
        rejected = {"rejected": {"counts": rejections.counts, "details": rejections.details}}
    if kind == "track":
        return 200, orjson.dumps({"events": [{"event_id": each} for each in decoded.event_ids]} | rejected)
    if kind == "live":
        return 200, b"{}"
    return (200, orjson.dumps(rejected)) if rejected else (204, b"")


def _path(scope: Scope) -> str:
    """Without doubled and trailing slashes, which come from base addresses that end in one."""
    return "/" + "/".join(part for part in scope["path"].split("/") if part)


def _error_headers(error: Exception) -> Headers:
    if refusal(error).is_retryable:
        return [(b"retry-after", str(RETRY_DELAY_S).encode())]
    if isinstance(error, Unauthenticated):
        return [(b"www-authenticate", WWW_AUTHENTICATE.encode())]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ALLOWED_METHODS)]
    if isinstance(error, UnsupportedMedia):
        return [(b"accept-encoding", ACCEPTED_COMPRESSIONS.encode())]
    return [(b"connection", b"close")] if isinstance(error, BodyTimeout) else []


async def _respond(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    if status != 204:
        length = (b"content-length", str(len(body)).encode())
        headers = [(b"content-type", b"application/json"), *headers, length]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
