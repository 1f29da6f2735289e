"""Signing in at an OpenID Connect provider: a real one on loopback, which insists on PKCE."""

import urllib.parse
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tests.fix_database import Servers
from tests.fix_pages import BROWSER, Pages, pages_with_keys
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from web.pages.sign_in_at_provider import ANSWER_PATH, COOKIE, PATH
from web.signing_in.oidc_people import OidcSettings
from web.signing_in.passwords import hash_password
from web.signing_in.sessions import COOKIE as SESSION

ADA, GRACE = "ada@example.com", "grace@reader.example.com"
PASSWORD = "correct horse"
OWN_FORM = {"origin": "http://127.0.0.1:4318"}
SIGNAL = {"name": "a", "pattern": "b"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def database(servers: Servers) -> str:
    """One for all: signing in stores nothing."""
    return servers.create_migrated("postgresql_18")


@pytest.fixture
def settings(provider: Provider) -> OidcSettings:
    return OidcSettings(provider.issuer, CLIENT_ID, CLIENT_SECRET, (ADA,), ("@reader.example.com",))


@pytest.fixture
async def pages(database: str, settings: OidcSettings) -> AsyncIterator[Pages]:
    async with pages_with_keys(database, hash_password(PASSWORD), oidc=settings) as running:
        yield running


async def begin(pages: Pages, next_path: str = "/traces") -> str:
    """The address at the provider that we lead to."""
    answer = await pages.get(PATH, params={"next": next_path}, headers=BROWSER)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def finish(pages: Pages, url: str) -> tuple[int, str]:
    """What we answer at the address that the provider leads back to: where to, or else what the page says."""
    parts = urllib.parse.urlsplit(url)
    assert parts.path == ANSWER_PATH
    answer = await pages.get(f"{parts.path}?{parts.query}", headers=BROWSER)
    return answer.status_code, answer.headers.get("location", answer.text)


async def sign_in(pages: Pages, provider: Provider, next_path: str = "/traces", **claims: object) -> tuple[int, str]:
    said = {"email_verified": True} | claims
    return await finish(pages, provider.sign_in(await begin(pages, next_path), **said))


async def test_whoever_is_allowed_has_a_session_with_their_rights(pages: Pages, provider: Provider) -> None:
    form = await pages.get("/sign-in?next=/issues", headers=BROWSER)
    assert f'href="{PATH}?next=/issues"' in form.text
    assert await sign_in(pages, provider, "/issues?kind=loop", email="Ada@Example.com") == (303, "/issues?kind=loop")
    page = await pages.get("/traces", headers=BROWSER)
    assert "Ada@Example.com" in page.text
    added = await pages.client.post("/api/signals", json=SIGNAL, headers=OWN_FORM)
    assert added.status_code == 201
    foreign = await pages.client.post("/api/signals", json=SIGNAL, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert (await pages.client.post("/sign-out", headers=BROWSER | OWN_FORM)).status_code == 303
    assert (await pages.get("/traces", headers=BROWSER)).status_code == 303

    assert (await sign_in(pages, provider, email=GRACE))[0] == 303
    assert (await pages.get("/traces", headers=BROWSER)).status_code == 200
    assert (await pages.client.post("/api/signals", json=SIGNAL, headers=OWN_FORM)).status_code == 403
    assert (await pages.get("/settings/keys", headers=BROWSER)).status_code == 403


async def test_the_cookies_are_for_us_alone_and_name_no_secret(pages: Pages, provider: Provider) -> None:
    answer = await pages.get(PATH, headers=BROWSER)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["location"]).query))
    assert asked["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert "code_verifier" not in asked
    remembered = answer.headers["set-cookie"].lower()
    assert all(word in remembered for word in ("httponly", "samesite=lax", "max-age=600", f"path={PATH}"))
    url = provider.sign_in(answer.headers["location"], email=ADA, email_verified=True)
    done = await pages.get(url.removeprefix("http://127.0.0.1:4318"), headers=BROWSER)
    session, forgotten = done.headers.get_list("set-cookie")
    assert session.startswith(SESSION)
    assert "HttpOnly" in session
    assert forgotten.startswith(f'{COOKIE}=""')


async def test_nobody_else_comes_in(pages: Pages, provider: Provider) -> None:
    unverified = "does not say that your e-mail address is verified"
    cases: list[tuple[dict[str, Any], str]] = [
        ({"email": "eve@example.com"}, "eve@example.com may not sign in here"),
        ({"email": "ada@example.com.evil.example"}, "may not sign in here"),
        ({"email": "eve@notreader.example.com"}, "may not sign in here"),
        ({"email": ADA, "email_verified": False}, unverified),
        ({}, unverified),
    ]
    for claims, sentence in cases:
        status, said = await sign_in(pages, provider, **claims)
        assert (status, sentence in said) == (403, True), said
        assert (await pages.get("/traces", headers=BROWSER)).status_code == 303


async def test_an_id_token_that_is_not_for_this_sign_in_does_not_count(
    pages: Pages, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await sign_in(pages, provider, email=ADA))[0] == 303  # the keys are known from here on
    await pages.client.post("/sign-out", headers=BROWSER | OWN_FORM)
    wrong: list[tuple[str, object]] = [
        ("nonce", "of another request"),
        ("audience", "another client"),
        ("named_issuer", "https://elsewhere.example"),
        ("lifetime_s", -600),
        ("key", RSAKey.generate_key(2048, {"kid": "1"})),
    ]
    for name, value in wrong:
        with monkeypatch.context() as lying:
            lying.setattr(provider, name, value)
            status, said = await sign_in(pages, provider, email=ADA)
        assert (status, "answer does not count" in said) == (502, True), name
        assert (await pages.get("/traces", headers=BROWSER)).status_code == 303, name


async def test_keys_that_the_provider_changed_are_read_again(
    pages: Pages, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await sign_in(pages, provider, email=ADA))[0] == 303
    monkeypatch.setattr(provider, "key", RSAKey.generate_key(2048, {"kid": "2"}))
    assert (await sign_in(pages, provider, email=ADA))[0] == 303


async def test_an_answer_that_this_browser_did_not_ask_for_does_not_count(pages: Pages, provider: Provider) -> None:
    url = provider.sign_in(await begin(pages), email=ADA, email_verified=True)
    await begin(pages)  # another state is remembered now
    assert (await finish(pages, url))[0] == 403
    assert (await finish(pages, url))[0] == 403, "and nothing is remembered after an answer"
    url = provider.sign_in(await begin(pages), email=ADA, email_verified=True)
    pages.client.cookies.clear()
    status, said = await finish(pages, url)
    assert (status, "begun elsewhere" in said) == (403, True)


async def test_a_code_counts_once_and_a_refusal_is_told(pages: Pages, provider: Provider) -> None:
    url = provider.sign_in(await begin(pages), email=ADA, email_verified=True)
    remembered = pages.client.cookies.get(COOKIE, path=PATH)
    assert (await finish(pages, url))[0] == 303
    again = await pages.get(url.removeprefix("http://127.0.0.1:4318"), headers={"cookie": f"{COOKIE}={remembered}"})
    assert again.status_code == 502
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(await begin(pages)).query)["state"][0]
    status, said = await finish(pages, f"http://127.0.0.1:4318{ANSWER_PATH}?error=access_denied&state={state}")
    assert (status, "The provider refused: access_denied." in said) == (403, True)


async def test_a_session_ends_with_the_permission_and_the_password_still_opens(
    pages: Pages, provider: Provider, settings: OidcSettings, database: str
) -> None:
    assert (await sign_in(pages, provider, email=ADA))[0] == 303
    cookies = dict(pages.client.cookies)
    for changed, status in (
        (settings, 200),
        (OidcSettings(provider.issuer, CLIENT_ID, CLIENT_SECRET, ("else@example.com",)), 303),
        (OidcSettings("https://elsewhere.example", CLIENT_ID, CLIENT_SECRET, (ADA,)), 303),
        (OidcSettings(), 303),
    ):
        async with pages_with_keys(database, pages.app.state.provider.sessions.password_hash, oidc=changed) as later:
            later.client.cookies.update(cookies)
            assert (await later.get("/traces", headers=BROWSER)).status_code == status, changed
    answer = await pages.client.post("/sign-in", data={"password": PASSWORD}, headers=BROWSER | OWN_FORM)
    assert answer.status_code == 303


async def test_a_provider_that_is_away_is_told_and_leaves_the_password(database: str) -> None:
    away = OidcSettings("http://127.0.0.1:9", CLIENT_ID, CLIENT_SECRET, (ADA,))
    async with pages_with_keys(database, hash_password(PASSWORD), oidc=away) as pages:
        answer = await pages.get(PATH, headers=BROWSER)
        assert answer.status_code == 502
        assert "The provider cannot be reached" in answer.text
        assert 'name="password"' in answer.text
    async with pages_with_keys(database) as pages:
        assert (await pages.get(PATH, headers=BROWSER)).status_code == 404
