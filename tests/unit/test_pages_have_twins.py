"""Every page has a JSON twin at its own address with `.json`; what is no page is named here with its reason."""

from typing import Any

from web.app import create_app
from web.lists.jump_search import PAGES

PARTS = {  # fetched by a page that is open; the page's twin tells the same
    "/traces/list",
    "/traces/{trace_id}/peek",
}
STREAMS = {"/live/events", "/traces/events", "/traces/{trace_id}/events"}
FORMS = {
    "/alerts/new",
    "/compare/otlp",
}  # empty until they are sent; POST /api/alerts and POST /compare/otlp.json answer
NO_DATA = {"/sign-in", "/sign-in/provider", "/sign-in/provider/answer", "/files/{token}"}
TWINS = {"/": "/overview.json"}
OF_ANOTHER = {"/jump", "/traces/differences"}  # the palette itself; a tab of the list that takes its filters along


def paths_and_pages(described: dict[str, Any]) -> tuple[set[str], set[str]]:
    """All that can be read, and what of it is a page with a twin."""
    paths = {path for path, methods in described.items() if "get" in methods}
    found = {path for path in paths if not path.startswith(("/api/", "/v1/")) and not path.endswith(".json")}
    return paths, found - PARTS - STREAMS - FORMS - NO_DATA


def test_every_page_has_a_twin() -> None:
    described = create_app("").openapi()["paths"]
    paths, pages = paths_and_pages(described)
    others = PARTS | STREAMS | FORMS | NO_DATA
    assert len(pages) > 25
    assert {page for page in pages if TWINS.get(page, f"{page}.json") not in paths} == set()
    assert {path for path in others if path not in paths} == set()
    assert "post" in described["/compare/otlp.json"]
    assert "post" in described["/api/alerts"]


def test_the_palette_goes_to_every_page() -> None:
    _, pages = paths_and_pages(create_app("").openapi()["paths"])
    wanted = {path for path in pages if "{" not in path} - OF_ANOTHER | FORMS
    assert {address for _, address, _ in PAGES} == wanted
