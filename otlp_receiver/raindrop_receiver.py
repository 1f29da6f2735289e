"""Raindrop's ingest API: events, partials, signals, users, beside the OTLP paths, as a plain ASGI application.

The clients read no body of a success; errors are `{"error": {"code", "message"}}`. One bad item never fails its batch:
the others are stored, and receipts count it with its reason. docs/api.md has the paths, docs/interactions.md the rules.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import orjson

from otlp_receiver.access import Access
from otlp_receiver.content import request_compression
from otlp_receiver.cors import ANY_ORIGIN, cors_headers, preflight_headers
from otlp_receiver.decode_events import EventKind, decode_events
from otlp_receiver.decoded import DecodedEvents
from otlp_receiver.decompress import too_large
from otlp_receiver.erased_records import REASON as ERASED
from otlp_receiver.exceptions import MalformedBody, MethodNotAllowed, UnsupportedMedia
from otlp_receiver.export import Exporter
from otlp_receiver.http_answers import (
    ALLOWED_METHODS,
    Scope,
    Send,
    client_address,
    error_headers,
    error_object,
    plain_path,
    respond,
)
from otlp_receiver.request_body import BODY_TIMEOUT_S, ClientGone, read_body
from otlp_receiver.status import error_message, refusal
from trace_store.exceptions import RainbarrelError

Receive = Callable[[], Awaitable[dict[str, Any]]]

PATHS: dict[str, EventKind] = {
    "/v1/events/track": "track",
    "/v1/events/track_partial": "track_partial",
    "/v1/signals/track": "signals",
    "/v1/users/identify": "identify",
    "/v1/live": "live",
}
PROBE_PATH = "/v1"  # HEAD: Raindrop's Python SDK asks whether somebody is there
JSON = "application/json"

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
        path = plain_path(scope)
        if scope["method"] == "HEAD":
            return path == PROBE_PATH
        return path in PATHS and scope["method"] != "GET"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        allowed = cors_headers(headers.get("origin"), self._allowed_origins)
        if scope["method"] == "HEAD":
            await respond(send, 200, allowed, b"", JSON)
            return
        if scope["method"] == "OPTIONS":
            methods = (b"allow", ALLOWED_METHODS)
            await respond(send, 204, [methods, *allowed, *preflight_headers(headers, allowed)], b"", JSON)
            return
        try:
            if scope["method"] != "POST":
                raise MethodNotAllowed("Events are sent by POST.")
            kind = PATHS[plain_path(scope)]
            access = await self._exporter.access.to_send(headers, client_address(scope))
            decoded = await self._post(kind, headers, receive, access)
            status, body = _success(kind, decoded)
        except ClientGone:
            return
        except Exception as error:
            if not isinstance(error, RainbarrelError):
                _log.exception("a request failed")
            status = refusal(error).http_status
            body = orjson.dumps({"error": error_object(status, error_message(error))})
            await respond(send, status, [*error_headers(error), *allowed], body, JSON)
            return
        await respond(send, status, allowed, body, JSON)

    async def _post(self, kind: EventKind, headers: dict[str, str], receive: Receive, access: Access) -> DecodedEvents:
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
            pieces = await read_body(receive, reservation, bytes_max, self._body_timeout_s)
            decode = partial(decode_events, kind, project_id=access.project_id)
            return await self._exporter.post(decode, pieces, compression, access, reservation)


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
