"""Signing in at an OpenID Connect provider: the authorization code flow with PKCE, state and nonce.

Between the two requests of a sign-in its state is in the browser, in a signed cookie: nothing is stored, and any front
process can finish what another one began. Sources: OpenID Connect Core 1.0 (section 3.1) and Discovery 1.0, RFC 7636
(PKCE), RFC 9207 (`iss` in the answer).
"""

import asyncio
import hmac
import logging
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from trace_store.exceptions import RainbarrelError
from web.signing_in.oidc_people import OidcSettings, check_address

SCOPE = "openid email"
TIMEOUT_S = 10.0
METADATA_AGE_S_MAX = 3600.0
CLOCK_DIFFERENCE_S_MAX = 120
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_VERIFIER_CHARS = 64  # RFC 7636: 43 to 128
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

log = logging.getLogger(__name__)


class SignInRefused(RainbarrelError):
    """A sign-in does not count; the sentence is for the person who tried."""


class ProviderFails(SignInRefused):
    """The provider cannot be reached, or answers what it must not."""


class Pending(NamedTuple):
    """What a sign-in that has begun is recognised by."""

    state: str
    nonce: str
    verifier: str
    next_path: str


class OidcProvider:
    """The provider of the settings; what it says of itself is read when it is needed first, and again each hour."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()

    async def begin(self, redirect_uri: str, next_path: str) -> tuple[str, Pending]:
        """The address to lead the browser to, and what to remember. Raises ProviderFails."""
        metadata = await self._read_metadata()
        pending = Pending(generate_token(32), generate_token(32), generate_token(_VERIFIER_CHARS), next_path)
        async with self._client(metadata, redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
            )
        return str(url), pending

    async def finish(self, answer: Mapping[str, str], pending: Pending, redirect_uri: str) -> str:
        """The e-mail address of who signed in, as the provider has verified it. Raises SignInRefused."""
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise SignInRefused("This sign-in was begun elsewhere: begin it again here.")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            raise SignInRefused("This answer is of another provider than the one of this Rainbarrel.")
        if "error" in answer:
            raise SignInRefused(f"The provider refused: {answer['error'][:100]}.")
        try:
            claims = await self._claims(answer.get("code", ""), pending, redirect_uri)
        except (AuthlibBaseError, JoseError, httpx.HTTPError, ValueError, KeyError) as error:
            log.warning("A sign-in at %s failed: %s", self.settings.issuer, _reason(error))
            raise ProviderFails("The provider's answer does not count; the log of Rainbarrel says why.") from None
        email = claims.get("email")
        if not isinstance(email, str) or not email or claims.get("email_verified") is not True:
            raise SignInRefused("The provider does not say that your e-mail address is verified.")
        if not self.settings.kind_of(email):
            raise SignInRefused(f"{email[:200]} may not sign in here: an administrator has to allow it.")
        return email

    async def _claims(self, code: str, pending: Pending, redirect_uri: str) -> dict[str, Any]:
        """What the provider says of the person: of the ID token, and of userinfo where that lacks the address."""
        metadata = await self._read_metadata()
        async with self._client(metadata, redirect_uri) as client:
            token = await client.fetch_token(
                metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=pending.verifier
            )
            claims = await self._verified(token["id_token"], token.get("access_token", ""), pending.nonce, metadata)
            if "email" not in claims and metadata.get("userinfo_endpoint"):
                said = await client.get(metadata["userinfo_endpoint"])
                said.raise_for_status()
                found = said.json()
                if found["sub"] != claims["sub"]:
                    raise ValueError("userinfo is of somebody else than the ID token")
                claims |= found
        return claims

    async def _verified(
        self, id_token: str, access_token: str, nonce: str, metadata: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The claims of an ID token that the provider signed for us, for this sign-in, and that has not expired."""
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        registry = JWSRegistry(algorithms=[name for name in offered if name in _ALGORITHMS], strict_check_header=False)
        try:
            decoded = jwt.decode(id_token, await self._key_set(metadata), registry=registry)
        except InvalidKeyIdError:  # the provider has new keys
            decoded = jwt.decode(id_token, await self._key_set(metadata, again=True), registry=registry)
        own = self.settings.client_id
        options = {"iss": {"essential": True, "value": self.settings.issuer}, "aud": {"essential": True, "value": own}}
        parameters = {"nonce": nonce, "client_id": own, "access_token": access_token}
        claims = CodeIDToken(decoded.claims, decoded.header, options, parameters)
        claims.validate(leeway=CLOCK_DIFFERENCE_S_MAX)
        return dict(claims)

    def _client(self, metadata: Mapping[str, Any], redirect_uri: str) -> Any:
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        with_secret = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return AsyncOAuth2Client(
            self.settings.client_id,
            self.settings.client_secret or None,
            token_endpoint_auth_method=with_secret if self.settings.client_secret else "none",
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    async def _key_set(self, metadata: Mapping[str, Any], *, again: bool = False) -> KeySet:
        if self._keys is None or again:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = await client.get(metadata["jwks_uri"])
                answer.raise_for_status()
            self._keys = KeySet.import_key_set(answer.json())
        return self._keys

    async def _read_metadata(self) -> dict[str, Any]:
        """What the provider says of itself. Raises ProviderFails."""
        async with self._lock:
            if not self._metadata or time.monotonic() - self._read_at > METADATA_AGE_S_MAX:
                self._metadata = await self._fetch_metadata()
                self._keys, self._read_at = None, time.monotonic()
        return self._metadata

    async def _fetch_metadata(self) -> dict[str, Any]:
        issuer = self.settings.issuer
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            if found["issuer"] != issuer:
                raise ValueError(f"it calls itself {found['issuer']!r}")
            for name in _ENDPOINTS:
                check_address(found[name])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("The provider %s cannot be used for signing in: %s", issuer, _reason(error))
            raise ProviderFails("The provider cannot be reached; the log of Rainbarrel says why.") from None
        return found


def _reason(error: Exception) -> str:
    """For the log: no token stands in it."""
    return f"{type(error).__name__}: {str(error)[:300]}"
