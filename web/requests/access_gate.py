"""Stands ahead of every page and of the query API: who sends this request, may they, and in which project. Pure ASGI.

What it finds is `request.state.access`. Handlers need not ask: a right is needed for every path (`needed_right.py`).
"""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from otlp_receiver.access import PROJECT_HEADER, RIGHTS, Access, AccessControl, Holder, Right, is_loopback_client
from otlp_receiver.credentials import given_key
from otlp_receiver.exceptions import PermissionDenied, Unauthenticated
from otlp_receiver.http_answers import WWW_AUTHENTICATE, client_address
from otlp_receiver.status import refusal
from trace_store.exceptions import RainbarrelError
from web.requests.needed_right import needed_right
from web.requests.project_urls import URL_PREFIX, location_with_prefix, prefix_of, split_path
from web.requests.query_limits import QueryRate, TooManyQueries
from web.requests.request_origin import ORIGIN, origin_of
from web.requests.same_origin import sent_by
from web.signing_in.sessions import Sessions

LOCAL = Holder("nobody", RIGHTS["admin"])  # this machine, where it needs no key
OTHER_PAGE = "This form was sent by a page of another origin; open Rainbarrel's own page."
Refuse = Callable[[Request, int, str, dict[str, str]], Awaitable[Response]]
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class AccessGate:
    """Middleware; `refuse` makes the answer to a request that may not pass, `rate` counts questions under /v1."""

    def __init__(
        self, app: ASGIApp, control: AccessControl, sessions: Sessions, refuse: Refuse, rate: QueryRate
    ) -> None:
        self._app = app
        self._rate = rate
        self._control = control
        self._sessions = sessions
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        slug, path = split_path(scope["path"])
        scope = {**scope, "path": path, "state": {**scope.get("state", {})}}
        right = needed_right(scope["method"], path)
        if right is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            scope["state"]["access"] = await self._access(scope, right, slug)
        except RainbarrelError as error:
            await (await self._refused(request, slug, error))(scope, receive, send)
            return
        token, reached = URL_PREFIX.set(prefix_of(slug)), ORIGIN.set(origin_of(request))
        try:
            await self._app(scope, receive, _relocating(send) if slug else send)
        finally:
            URL_PREFIX.reset(token)
            ORIGIN.reset(reached)

    async def _access(self, scope: Scope, right: Right, slug: str) -> Access:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        holder = await self._holder(headers, scope)
        holder.require(right)
        if right == "read" and scope["path"].startswith("/v1/"):
            self._rate.check(f"key {holder.key_id}" if holder.key_id else client_address(dict(scope)))
        query = parse_qs(scope["query_string"].decode("latin-1"))
        named = slug or query.get("project", [""])[0] or headers.get(PROJECT_HEADER, "")
        access = await self._control.in_project(holder, named, may_create=right == "write")
        if slug and access.project != slug:  # `default` in a header means the key's own, in an address what it says
            raise PermissionDenied(f"This key does not open project {slug}.")
        return access

    async def _holder(self, headers: dict[str, str], scope: Scope) -> Holder:
        session = None if given_key(headers) else self._sessions.holder(headers)
        sender = sent_by(headers) if scope["method"] in _UNSAFE else "own page"
        if session is not None:
            if sender != "own page":
                raise PermissionDenied(OTHER_PAGE)
            return session
        client = client_address(dict(scope))
        holder = await self._control.identify(headers, client)
        if holder.by == "nobody" and sender == "other page":  # no key, so any page in a browser here could send it
            raise PermissionDenied(OTHER_PAGE)
        return LOCAL if holder.by == "nobody" and is_loopback_client(client) else holder

    async def _refused(self, request: Request, slug: str, error: RainbarrelError) -> Response:
        if isinstance(error, Unauthenticated):
            if request.method == "GET" and is_page(request):
                query = f"?{request.url.query}" if request.url.query else ""
                next_path = quote(f"{prefix_of(slug)}{request.url.path}{query}", safe="")
                return RedirectResponse(f"/sign-in?next={next_path}", 303)
            return await self._refuse(request, 401, str(error), {"www-authenticate": WWW_AUTHENTICATE})
        if isinstance(error, TooManyQueries):
            return await self._refuse(request, 429, str(error), {"retry-after": str(error.wait_s)})
        found = refusal(error)
        headers = {"retry-after": "2"} if found.is_retryable else {}
        return await self._refuse(request, found.http_status, str(error), headers)


def is_page(request: Request) -> bool:
    """Whether a person waits for the answer, in a browser."""
    path = request.url.path
    is_data = path.startswith(("/api", "/v1/")) or path.endswith(".json")
    return not is_data and "text/html" in request.headers.get("accept", "")


def access_of(request: Request) -> Access:
    """What the gate found; a FastAPI dependency."""
    found: Access = request.state.access
    return found


def _relocating(send: Send) -> Send:
    async def send_with_prefix(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (
                    name,
                    location_with_prefix(value.decode("latin-1")).encode("latin-1") if name == b"location" else value,
                )
                for name, value in message.get("headers", ())
            ]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_prefix
