"""Pages and API where keys are needed: keys by header, sessions by cookie, forms only from our own pages."""

import asyncio
import time
from collections.abc import AsyncIterator

import orjson
import pytest

from tests.fix_pages import BROWSER, Pages, new_key, pages_with_keys
from trace_store.access_keys import revoke_key
from trace_store.connections import connect
from web.signing_in.passwords import hash_password
from web.signing_in.sessions import COOKIE, Sessions
from web.signing_in.sign_in_attempts import PER_CLIENT_MAX

PASSWORD = "correct horse"
HASHED = hash_password(PASSWORD)
OWN_FORM = {"origin": "http://127.0.0.1:4318"}


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with pages_with_keys(database, HASHED) as running:
        yield running


async def sign_in(pages: Pages, password: str, next_path: str = "/traces") -> tuple[int, str]:
    form = {"password": password, "next": next_path}
    answer = await pages.client.post("/sign-in", data=form, headers=BROWSER | OWN_FORM)
    return answer.status_code, answer.headers.get("location", "")


async def test_without_a_key_pages_lead_to_the_form_and_the_api_says_why(pages: Pages) -> None:
    page = await pages.get("/traces?errors=1", headers=BROWSER)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Ftraces%3Ferrors%3D1")
    for path in ("/api/traces", "/traces.json", "/traces/events"):
        answer = await pages.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="rainbarrel"')
        assert "access key is needed" in answer.json()["error"]
    raindrop = (await pages.get("/v1/nothing")).json()
    assert raindrop["error"]["code"] == "UNAUTHORIZED"
    assert (await pages.get("/static/css/base.css")).status_code == 200
    form = await pages.get("/sign-in?next=/issues", headers=BROWSER)
    assert form.status_code == 200
    assert 'name="next" value="/issues"' in form.text
    assert "stored" not in form.text


async def test_keys_open_what_they_are_for(pages: Pages) -> None:
    keys = {kind: {"x-api-key": await new_key(pages.conninfo, kind)} for kind in ("write", "read", "admin")}
    statuses = {kind: (await pages.get("/api/traces", headers=headers)).status_code for kind, headers in keys.items()}
    assert statuses == {"write": 403, "read": 200, "admin": 200}
    body = {"name": "a", "pattern": "b"}
    added = {
        kind: (await pages.client.post("/api/signals", json=body, headers=headers)).status_code
        for kind, headers in keys.items()
    }
    assert added == {"write": 403, "read": 403, "admin": 201}
    channel = {"kind": "slack", "name": "x", "url": "https://hooks.slack.com/services/a"}
    assert (await pages.client.post("/api/channels", data=channel, headers=keys["read"])).status_code == 403
    assert (await pages.client.post("/api/channels", data=channel, headers=keys["admin"])).status_code == 201


async def test_the_password_begins_a_session_and_signing_out_ends_it(pages: Pages) -> None:
    assert await sign_in(pages, "wrong") == (401, "")
    assert await sign_in(pages, PASSWORD, "/issues?kind=loop") == (303, "/issues?kind=loop")
    page = await pages.get("/traces", headers=BROWSER)
    assert page.status_code == 200
    assert "Sign out" in page.text
    left = await pages.client.post("/sign-out", headers=BROWSER | OWN_FORM)
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert (await pages.get("/traces", headers=BROWSER)).status_code == 303


async def test_the_cookie_is_for_this_server_alone(pages: Pages) -> None:
    for origin, is_secure in (("http://127.0.0.1:4318", False), ("https://127.0.0.1:4318", True)):
        headers = {"origin": origin, "sec-fetch-site": "same-origin"}
        answer = await pages.client.post("/sign-in", data={"password": PASSWORD}, headers=headers)
        said = answer.headers["set-cookie"].lower()
        assert "httponly" in said
        assert "samesite=lax" in said
        assert ("secure" in said) is is_secure
        pages.client.cookies.clear()


async def test_signing_in_leads_nowhere_else(pages: Pages) -> None:
    for next_path in ("//evil.example", "https://evil.example", "/\\evil.example", "evil", "/sign-out"):
        assert await sign_in(pages, PASSWORD, next_path) == (303, "/traces")


async def test_a_session_changes_things_only_from_our_own_pages(pages: Pages) -> None:
    await sign_in(pages, PASSWORD)
    body = {"name": "a", "pattern": "b"}
    for headers, status in (
        ({}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site", **OWN_FORM}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        (OWN_FORM, 201),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 201),
    ):
        answer = await pages.client.post("/api/signals", json=body | {"name": str(headers)[:90]}, headers=headers)
        assert answer.status_code == status, headers


async def test_a_foreign_page_cannot_sign_somebody_in(pages: Pages) -> None:
    headers = {"origin": "http://evil.example"}
    answer = await pages.client.post("/sign-in", data={"password": PASSWORD}, headers=headers)
    assert (answer.status_code, COOKIE in answer.cookies) == (403, False)


async def test_a_forged_cookie_opens_nothing(pages: Pages) -> None:
    await sign_in(pages, PASSWORD)
    good = pages.client.cookies[COOKIE]
    pages.client.cookies.clear()
    said, _, signature = good.partition(".")
    control = pages.app.state.context.control
    forged = ("B" if signature[0] == "A" else "A") + signature[1:]
    other_password = Sessions(control, hash_password("another")).begin(0)
    for value in ("", ".", said, f"{said}.", f"x{good}", f"{said}.{forged}", other_password, "\u00fc.x"):
        answer = await pages.get("/traces", headers=BROWSER | {"cookie": f"{COOKIE}={value}".encode("latin-1")})
        assert answer.status_code == 303, value
    assert (await pages.get("/traces", headers=BROWSER | {"cookie": f"{COOKIE}={good}"})).status_code == 200


async def test_a_session_ends_by_itself(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    await sign_in(pages, PASSWORD)
    now = time.time()
    monkeypatch.setattr("web.signing_in.sessions.time.time", lambda: now + 8 * 86_400)
    assert (await pages.get("/traces", headers=BROWSER)).status_code == 303


async def test_a_key_signs_in_with_its_own_rights_until_it_is_revoked(pages: Pages) -> None:
    write, read = await new_key(pages.conninfo, "write"), await new_key(pages.conninfo, "read", "shop")
    assert (await sign_in(pages, write))[0] == 401
    assert await sign_in(pages, read) == (303, "/traces")
    page = await pages.get("/traces", headers=BROWSER)
    assert page.status_code == 200
    refused = await pages.client.post("/api/signals", json={"name": "a", "pattern": "b"}, headers=OWN_FORM)
    assert refused.status_code == 403
    assert (await pages.get("/projects/default/traces", headers=BROWSER)).status_code == 403
    async with await connect(pages.conninfo, "test") as connection:
        await revoke_key(connection, 2)
    async with asyncio.timeout(180):
        while (await pages.get("/traces", headers=BROWSER)).status_code == 200:
            await asyncio.sleep(0.1)


async def test_guessing_is_slowed_down(pages: Pages) -> None:
    for _ in range(PER_CLIENT_MAX):
        assert (await sign_in(pages, "rb_read_" + "x" * 43))[0] == 401
    late = await pages.client.post("/sign-in", data={"password": PASSWORD}, headers=OWN_FORM)
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 301


async def test_without_a_password_no_empty_one_opens(database: str) -> None:
    async with pages_with_keys(database) as running:
        for password in ("", " ", "x"):
            assert (await sign_in(running, password))[0] == 401
        forged = Sessions(running.app.state.context.control, "").begin(0)
        answer = await running.get("/traces", headers=BROWSER | {"cookie": f"{COOKIE}={forged}"})
        assert answer.status_code == 303
        assert orjson.loads((await running.get("/api/stats")).content)["error"]
