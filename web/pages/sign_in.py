"""`/sign-in` and `/sign-out`: the administrator's password, or a key that may read, opens the pages for a week.

Signing in at a provider: sign_in_at_provider.py.
"""

import asyncio
import urllib.parse

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from otlp_receiver.access import AccessControl
from otlp_receiver.exceptions import RequestRefused
from otlp_receiver.http_answers import client_address
from trace_store.access_keys import KEY
from web.requests.form_posts import check_origin, read_fields
from web.signing_in.passwords import is_password
from web.signing_in.sessions import ADMINISTRATOR, COOKIE, LIFETIME_S, Sessions
from web.signing_in.sign_in_attempts import Attempts
from web.templating import page

router = APIRouter()
PASSWORD_BYTES_MAX = 1024
WRONG = "That is neither the password nor a key that may read."


class SignIn:
    """What signing in needs; one per application."""

    def __init__(self, control: AccessControl, sessions: Sessions) -> None:
        self.sessions = sessions
        self.attempts = Attempts()
        self._control = control
        self._one_at_a_time = asyncio.Semaphore(1)  # each hash takes memory and a processor for a moment

    async def session_for(self, given: str) -> str:
        """The value of a new session's cookie; "" when this opens nothing. Raises StoreUnavailable."""
        if KEY.fullmatch(given):
            try:
                holder = await self._control.identify({"x-api-key": given}, "")
            except RequestRefused:
                return ""
            may_sign_in = holder.by == "key" and holder.key_id and "read" in holder.rights
            return self.sessions.begin(holder.key_id) if may_sign_in else ""
        hashed = self.sessions.password_hash
        if not hashed or len(given.encode(errors="replace")) > PASSWORD_BYTES_MAX:
            return ""
        async with self._one_at_a_time:
            is_right = await asyncio.to_thread(is_password, given, hashed)
        return self.sessions.begin(ADMINISTRATOR) if is_right else ""


@router.get("/sign-in")
async def show_sign_in(request: Request) -> Response:
    """The form; `next` is where it leads."""
    return sign_in_form(request, request.query_params.get("next", ""))


@router.post("/sign-in")
async def post_sign_in(request: Request) -> Response:
    """Begins a session and goes on to `next`."""
    check_origin(request)
    form, sign_in = await read_fields(request), _sign_in(request)
    client, next_path = client_address(dict(request.scope)), form.get("next", "")
    if wait_s := sign_in.attempts.wait_s(client):
        answer = sign_in_form(request, next_path, f"Too many wrong attempts: try again in {wait_s:.0f} s.", 429)
        answer.headers["retry-after"] = str(int(wait_s) + 1)
        return answer
    session = await sign_in.session_for(form.get("password", "").strip())
    if not session:
        sign_in.attempts.count_wrong(client)
        return sign_in_form(request, next_path, WRONG, 401)
    is_secure = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
    return go_on(session, next_path, is_secure=is_secure)


@router.post("/sign-out")
async def post_sign_out(request: Request) -> Response:
    """Ends the session in this browser."""
    check_origin(request)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return answer


def own_path(text: str) -> str:
    """A path of ours to go on to; the list for anything that leads elsewhere."""
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours and not text.startswith("/sign-") else "/traces"


def go_on(session: str, next_path: str, *, is_secure: bool) -> Response:
    """Leads a browser to where it wanted, with its new session."""
    answer = RedirectResponse(own_path(next_path), 303)
    answer.set_cookie(COOKIE, session, max_age=LIFETIME_S, path="/", secure=is_secure, httponly=True, samesite="lax")
    return answer


def sign_in_form(request: Request, next_path: str, error: str = "", status: int = 200) -> Response:
    """The page on which one signs in, with what went wrong."""
    sessions = _sign_in(request).sessions
    issuer = sessions.oidc.issuer
    return page(
        "sign_in.html",
        status,
        next=own_path(next_path),
        error=error,
        has_password=bool(sessions.password_hash),
        provider=urllib.parse.urlsplit(issuer).hostname if issuer else "",
    )


def _sign_in(request: Request) -> SignIn:
    found: SignIn = request.app.state.sign_in
    return found
