"""`/api/keys`: who administers some projects sees and makes keys for these alone."""

from collections.abc import AsyncIterator

import pytest

from tests.fix_pages import Pages, new_key, pages_with_keys


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with pages_with_keys(database) as running:
        yield running


async def test_an_administrator_of_one_project_stays_in_it(pages: Pages) -> None:
    everywhere = {"x-api-key": await new_key(pages.conninfo, "admin")}
    shop = {"x-api-key": await new_key(pages.conninfo, "admin", "shop")}
    await new_key(pages.conninfo, "write", "desk")

    async def seen(headers: dict[str, str]) -> list[int]:
        return [key["key_id"] for key in (await pages.get("/api/keys", headers=headers)).json()["keys"]]

    assert await seen(everywhere) == [3, 2, 1]
    assert await seen(shop) == [2]
    made = await pages.client.post("/api/keys", headers=shop, json={"kind": "read", "name": "a"})
    assert (made.status_code, made.json()["projects"]) == (201, ["shop"])
    assert (await pages.get("/api/traces", headers={"x-api-key": made.json()["key"]})).status_code == 200
    beyond = {"kind": "read", "name": "a", "projects": ["desk"]}
    assert (await pages.client.post("/api/keys", headers=shop, json=beyond)).status_code == 403
    assert (await pages.client.delete("/api/keys/1", headers=shop)).status_code == 404
    assert (await pages.client.delete("/api/keys/4", headers=shop)).status_code == 204
    assert (await pages.get("/api/traces", headers={"x-api-key": made.json()["key"]})).status_code == 401


async def test_only_administrators_come_near_keys(pages: Pages) -> None:
    for kind in ("read", "write"):
        headers = {"x-api-key": await new_key(pages.conninfo, kind)}
        for path in ("/api/keys", "/settings/keys", "/settings/keys.json"):
            assert (await pages.get(path, headers=headers)).status_code == 403


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kind": "root", "name": "a"}, "kind is one of"),
        ({"kind": "read", "name": " "}, "name is a text"),
        ({"kind": "read", "name": "a\n"}, "can be printed"),
        ({"kind": "read", "name": "a", "projects": "shop"}, "projects is a list"),
        ({"kind": "read", "name": "a", "projects": ["none"]}, "There is no project"),
        ({"kind": "read", "name": "a", "x": 1}, "x is not known"),
    ],
)
def test_a_refusal_names_what_is_wrong(body: dict[str, object], named: str) -> None:
    from web.signing_in.key_changes import BadKey, read_key

    with pytest.raises(BadKey, match=named):
        read_key(body, [])
