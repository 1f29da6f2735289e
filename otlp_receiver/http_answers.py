"""What HTTP answers of all receivers share: the headers of an error, a whole answer, where a request comes from."""

from collections.abc import Awaitable, Callable
from typing import Any

from otlp_receiver.content import ACCEPTED_COMPRESSIONS
from otlp_receiver.exceptions import BodyTimeout, MethodNotAllowed, Unauthenticated, UnsupportedMedia
from otlp_receiver.status import refusal, retry_delay_s

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

ALLOWED_METHODS = b"POST, OPTIONS"
WWW_AUTHENTICATE = 'Bearer realm="rainbarrel"'
_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    503: "SERVICE_UNAVAILABLE",
}


def client_address(scope: Scope) -> str:
    """The address that a request comes from; "" when the server does not know."""
    return scope["client"][0] if scope.get("client") else ""


def plain_path(scope: Scope) -> str:
    """The path without doubled and trailing slashes, which come from base addresses that end in one."""
    return "/" + "/".join(part for part in scope["path"].split("/") if part)


def error_object(status: int, message: str) -> dict[str, Any]:
    """An error as Raindrop's clients read it, of what they post as of what they ask."""
    return {"code": _CODES.get(status, "INTERNAL"), "message": message}


def error_headers(error: Exception) -> Headers:
    """What tells a client how to go on: when to retry, what to send instead."""
    if refusal(error).is_retryable:
        return [(b"retry-after", str(retry_delay_s(error)).encode())]
    if isinstance(error, Unauthenticated):
        return [(b"www-authenticate", WWW_AUTHENTICATE.encode())]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ALLOWED_METHODS)]
    if isinstance(error, UnsupportedMedia):
        return [(b"accept-encoding", ACCEPTED_COMPRESSIONS.encode())]
    return [(b"connection", b"close")] if isinstance(error, BodyTimeout) else []


async def respond(send: Send, status: int, headers: Headers, body: bytes, media_type: str) -> None:
    """One whole answer; 204 has neither type nor length."""
    if status != 204:
        headers = [(b"content-type", media_type.encode()), *headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
