"""Where no key is needed, a page of another origin can change nothing: every route that changes something is tried."""

import re

import pytest

from tests.fix_pages import running_pages
from web.requests.needed_right import OPEN_PATHS

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
OTHER_PAGES = [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}]
ROUTES_MIN = 20  # else this test would prove nothing


@pytest.mark.parametrize("headers", OTHER_PAGES)
async def test_no_route_takes_it(database: str, headers: dict[str, str]) -> None:
    tried = 0
    async with running_pages(database) as pages:
        for path, operations in pages.app.openapi()["paths"].items():
            for method in UNSAFE & {name.upper() for name in operations}:
                if path.startswith(OPEN_PATHS):
                    continue
                address = re.sub(r"\{\w+\}", "1", path)
                answer = await pages.client.request(method, address, content="{}", headers=headers)
                assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"
                tried += 1
        allowed = await pages.client.post("/api/rules/try", json={}, headers={"sec-fetch-site": "same-origin"})
        assert allowed.status_code != 403
    assert tried >= ROUTES_MIN
