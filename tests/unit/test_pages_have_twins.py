"""Every page has a JSON twin at its own address with `.json`; what is no page is named here with its reason."""

from web.app import create_app

PARTS = {  # fetched by a page that is open; the page's twin tells the same
    "/traces/list",
    "/traces/{trace_id}/graph",
    "/traces/{trace_id}/header",
    "/traces/{trace_id}/peek",
    "/traces/{trace_id}/transcript",
    "/traces/{trace_id}/tree",
    "/traces/{trace_id}/waterfall",
}
STREAMS = {"/live/events", "/traces/events", "/traces/{trace_id}/events"}
FORMS = {
    "/alerts/new",
    "/compare/otlp",
}  # empty until they are sent; POST /api/alerts and POST /compare/otlp.json answer
NO_DATA = {"/sign-in", "/sign-in/provider", "/sign-in/provider/answer", "/files/{token}"}
TWINS = {"/": "/overview.json"}


def test_every_page_has_a_twin() -> None:
    described = create_app("").openapi()["paths"]
    paths = {path for path, methods in described.items() if "get" in methods}
    others = PARTS | STREAMS | FORMS | NO_DATA
    pages = {path for path in paths if not path.startswith(("/api/", "/v1/")) and not path.endswith(".json")} - others
    assert len(pages) > 25
    assert {page for page in pages if TWINS.get(page, f"{page}.json") not in paths} == set()
    assert {path for path in others if path not in paths} == set()
    assert "post" in described["/compare/otlp.json"]
    assert "post" in described["/api/alerts"]
