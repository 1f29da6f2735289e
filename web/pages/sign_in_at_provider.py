"""`/sign-in/provider` leads to the OpenID Connect provider, `/sign-in/provider/answer` comes back with a session."""

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from web.pages.sign_in import go_on, own_path, sign_in_form
from web.requests.errors import NotFound
from web.signing_in.oidc_people import OidcSettings
from web.signing_in.sessions import Sessions, cookie_of

if TYPE_CHECKING:  # its libraries take a second to import, and few need them
    from web.signing_in.oidc import OidcProvider

PATH, ANSWER_PATH = "/sign-in/provider", "/sign-in/provider/answer"
COOKIE = "rainbarrel_sign_in"  # what is remembered between the two
LIFETIME_S = 600
_PURPOSE = b"sign-in at provider"

router = APIRouter()


class SignInAtProvider:
    """What signing in there needs; one per application."""

    def __init__(self, sessions: Sessions, public_url: str) -> None:
        self.sessions = sessions
        self._public_url = public_url
        self._provider = _provider_of(sessions.oidc) if sessions.oidc.issuer else None

    @property
    def provider(self) -> "OidcProvider":
        """The provider; NotFound when none is set."""
        if self._provider is None:
            raise NotFound("No provider is set: --oidc-issuer names one.")
        return self._provider

    def redirect_uri(self, request: Request) -> str:
        """Where the provider leads back to: as the browser reaches us."""
        base = self._public_url or f"{request.url.scheme}://{request.url.netloc}"
        return base + ANSWER_PATH


@router.get(PATH)
async def begin_at_provider(request: Request) -> Response:
    """Leads to the provider; `next` is where the session begins."""
    found, next_path = _found(request), request.query_params.get("next", "")
    provider, redirect_uri = found.provider, found.redirect_uri(request)
    from web.signing_in.oidc import SignInRefused

    try:
        url, pending = await provider.begin(redirect_uri, own_path(next_path))
    except SignInRefused as error:
        return sign_in_form(request, next_path, str(error), 502)
    answer = RedirectResponse(url, 303)
    remembered = found.sessions.signed(list(pending), LIFETIME_S, _PURPOSE)
    is_secure = redirect_uri.startswith("https:")
    # Lax: it comes back with a link of the provider's, a page of another site
    answer.set_cookie(
        COOKIE, remembered, max_age=LIFETIME_S, path=PATH, secure=is_secure, httponly=True, samesite="lax"
    )
    return answer


@router.get(ANSWER_PATH)
async def finish_at_provider(request: Request) -> Response:
    """Begins a session for who signed in at the provider, and may here."""
    found = _found(request)
    provider, redirect_uri = found.provider, found.redirect_uri(request)
    from web.signing_in.oidc import Pending, ProviderFails, SignInRefused

    said = found.sessions.read_signed(cookie_of(request.headers, COOKIE), _PURPOSE)
    next_path = ""
    try:
        if said is None:
            raise SignInRefused("This sign-in was begun elsewhere, or took more than ten minutes: begin it again here.")
        pending = Pending(*map(str, said))
        next_path = pending.next_path
        email = await provider.finish(request.query_params, pending, redirect_uri)
        session = found.sessions.begin_of_person(email)
        answer = go_on(session, next_path, is_secure=redirect_uri.startswith("https:"))
    except SignInRefused as error:
        status = 502 if isinstance(error, ProviderFails) else 403
        answer = sign_in_form(request, next_path, str(error), status)
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
    return answer


def _provider_of(settings: OidcSettings) -> "OidcProvider":
    """Made at the start: imported with the first sign-in, its libraries would hold up all other requests."""
    from web.signing_in.oidc import OidcProvider

    return OidcProvider(settings)


def _found(request: Request) -> SignInAtProvider:
    found: SignInAtProvider = request.app.state.provider
    return found
