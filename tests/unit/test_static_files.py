"""Cache headers of static files."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from web.requests.static_files import VersionedFiles
from web.stylesheet import STATIC
from web.templating import static


@pytest.mark.parametrize(
    ("path", "status", "cache_control"),
    [
        (static("js/trace_page.js"), 200, "public, max-age=31536000, immutable"),
        ("/static/js/fold.js", 200, "no-cache"),
        ("/static/js/no_such.js?v=1", 404, None),
    ],
)
async def test_only_versioned_urls_are_kept_for_good(path: str, status: int, cache_control: str | None) -> None:
    app = Starlette(routes=[Mount("/static", VersionedFiles(STATIC))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        response = await client.get(path)
    assert (response.status_code, response.headers.get("cache-control")) == (status, cache_control)
