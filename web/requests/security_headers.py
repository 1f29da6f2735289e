"""Adds the headers that keep a browser from doing what our pages never ask for. Pure ASGI, streams pass through.

Source: W3C Content Security Policy Level 3. Bars carry their place in a `style` attribute, nothing else is inline.
"""

import urllib.parse
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.processes.ports import is_loopback

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # nothing goes out, and our own forms tell their origin
)
_OPENER_POLICY = (b"cross-origin-opener-policy", b"same-origin")


def security_headers(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of an answer to this request."""
    return (*_HEADERS, _OPENER_POLICY) if _is_trustworthy(scope) else _HEADERS


class SecurityHeaders:
    """Middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[Any] = list(message.get("headers", ()))
                message = {**message, "headers": [*headers, *security_headers(scope)]}
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _is_trustworthy(scope: Scope) -> bool:
    """Whether browsers heed the opener policy at this address: elsewhere they complain of it in their console."""
    headers = dict(scope["headers"])
    if scope.get("scheme") == "https" or headers.get(b"x-forwarded-proto") == b"https":
        return True
    host = urllib.parse.urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname
    return host is not None and is_loopback(host)
