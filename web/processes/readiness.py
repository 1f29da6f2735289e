"""`GET /healthz` and `GET /readyz`: answered ahead of everything else; and the question from outside."""

import asyncio
import http.client
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from trace_store.exceptions import RainbarrelError
from web.version import program_version

HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
CHECK_AGE_S_MAX = 1.0
CHECK_TIMEOUT_S = 5.0
ASK_TIMEOUT_S = 10.0

Scope = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Readiness:
    """An answer of /readyz: `reason` says what is missing when not `ok`."""

    ok: bool
    reason: str = ""


class HealthApp:
    """Answers both paths. `check` raises RainbarrelError while spans cannot be accepted; the answer is kept 1 s."""

    def __init__(self, check: Callable[[], Awaitable[None]], pid: int, grpc_port: int | None) -> None:
        self._check = check
        self._alive: dict[str, str | int] = {"status": "alive", "server": "rainbarrel", "version": program_version()}
        self._alive |= {"pid": pid} | ({"grpc_port": grpc_port} if grpc_port else {})
        self._checked_at = -CHECK_AGE_S_MAX
        self._last = Readiness(False, "starting")
        self._one_at_a_time = asyncio.Lock()
        self.is_draining = False

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == "/healthz":
            await respond(send, 200, self._alive)
            return
        readiness = await self.readiness()
        if readiness.ok:
            await respond(send, 200, {"status": "ready"})
        else:
            await respond(send, 503, {"status": "not ready", "reason": readiness.reason})

    async def readiness(self) -> Readiness:
        """Whether spans can be accepted now."""
        if self.is_draining:
            return Readiness(False, "This process is stopping.")
        async with self._one_at_a_time:
            if time.monotonic() - self._checked_at >= CHECK_AGE_S_MAX:
                self._last = await self._checked()
                self._checked_at = time.monotonic()
        return self._last

    async def _checked(self) -> Readiness:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                await self._check()
        except RainbarrelError as error:
            return Readiness(False, str(error))
        except TimeoutError:
            return Readiness(False, f"The database did not answer within {CHECK_TIMEOUT_S:.0f} s.")
        return Readiness(True)


async def respond(send: Send, status: int, body: Mapping[str, str | int]) -> None:
    """Send a JSON answer."""
    content = orjson.dumps(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    headers.append((b"x-content-type-options", b"nosniff"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def is_ready(place: str, tls: ssl.SSLContext | None = None) -> Readiness:
    """Ask the server at `place` (host:port) from outside, over TLS if `tls` is given."""
    if tls is None:
        connection = http.client.HTTPConnection(place, timeout=ASK_TIMEOUT_S)
    else:
        connection = http.client.HTTPSConnection(place, timeout=ASK_TIMEOUT_S, context=tls)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = orjson.loads(response.read(65536))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Readiness(False, f"{place}/readyz does not answer: {error}")
    finally:
        connection.close()
    reason = body.get("reason") if isinstance(body, dict) else None
    return Readiness(response.status == 200, str(reason or ""))
