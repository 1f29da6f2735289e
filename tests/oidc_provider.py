"""An OpenID Connect provider on loopback, made of authlib's server side: it insists on PKCE and signs with RS256.

    with running_provider() as provider:
        answer_url = provider.sign_in(url, email="ada@example.com")

Its people have no password: whoever asks is signed in with the claims that the test gives.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "rainbarrel", "a secret of the client"


@dataclass(slots=True)
class Provider:
    """What it says, which a test may change."""

    issuer: str = ""
    redirect_uri: str = "http://127.0.0.1:4318/sign-in/provider/answer"  # the only one that is registered
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    audience: str = CLIENT_ID
    named_issuer: str = ""  # in ID tokens; "": its own
    nonce: str = ""  # in ID tokens; "": that of the request
    lifetime_s: int = 600
    codes: dict[str, "Code"] = field(default_factory=dict)

    def sign_in(self, url: str, **claims: Any) -> str:
        """What a person does at the address that we lead to; the address that the provider leads back to."""
        answer = httpx.post(url, data={name: str(value) for name, value in claims.items()}, timeout=60)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


@dataclass(slots=True)
class Code:
    """An authorization code, with the names that authlib asks for."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    claims: dict[str, Any]

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Client:
    """Ours, with the names that authlib asks for."""

    def __init__(self, provider: Provider) -> None:
        self.client_id = CLIENT_ID
        self.provider = provider

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.provider.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.provider.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Keeps codes in the provider."""

    def save_authorization_code(self, code: str, request: Any) -> None:
        sent, provider = request.payload.data, request.client.provider
        provider.codes[code] = Code(
            code,
            sent["redirect_uri"],
            request.payload.scope,
            provider.nonce or sent["nonce"],
            sent["code_challenge"],  # KeyError without PKCE
            sent["code_challenge_method"],
            request.user,
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return client.provider.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.request.client.provider.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
        return authorization_code.claims


class SignedIdToken(OpenIDCode):  # type: ignore[misc]
    """Says what the provider says."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": "RS256", "kid": client.provider.key.kid}

    def resolve_client_private_key(self, client: Client) -> dict[str, Any]:
        return client.provider.key.as_dict(private=True)

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        provider = client.provider
        issuer = provider.named_issuer or provider.issuer
        return {"iss": issuer, "aud": [provider.audience], "exp": int(time.time()) + provider.lifetime_s}

    def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
        return {"sub": user.get("email", "somebody"), **user}


def app_of(provider: Provider) -> Flask:
    """The provider as a WSGI application."""
    app = Flask(__name__)
    server = AuthorizationServer(app, query_client=lambda _: Client(provider), save_token=lambda token, request: None)
    server.register_grant(CodeGrant, [SignedIdToken(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def metadata() -> Response:
        return jsonify(
            issuer=provider.issuer,
            authorization_endpoint=f"{provider.issuer}/authorize",
            token_endpoint=f"{provider.issuer}/token",
            jwks_uri=f"{provider.issuer}/keys",
            id_token_signing_alg_values_supported=["RS256", "none"],
        )

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(KeySet([provider.key]).as_dict(private=False))

    @app.get("/authorize")
    def form() -> str:
        fields = '<label>Address <input name="email"></label><input type="hidden" name="email_verified" value="True">'
        return f'<link rel="icon" href="data:,"><form method="post">{fields}<button>Go on</button></form>'

    @app.post("/authorize")
    def authorize() -> Any:
        claims: dict[str, Any] = {name: value for name, value in request.form.items() if name != "email_verified"}
        if "email_verified" in request.form:
            claims["email_verified"] = request.form["email_verified"] == "True"
        return server.create_authorization_response(grant_user=claims, grant=server.get_consent_grant(claims))

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    """It listens on a free port until the end of the block."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, app_of(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
