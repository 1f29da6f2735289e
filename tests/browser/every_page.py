"""The addresses of all pages of a running server, found by asking it, so that a new page is never forgotten."""

import re
from urllib.parse import quote

import httpx

from tests.fix_server import RunningServer

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
BROWSER = {"accept": "text/html,application/xhtml+xml"}
VARIANTS = {  # the same page in another state; {trace_id} and {user} are those that were planted
    "/": ("?range=7d", "?since=2020-01-01&until=2020-01-02"),
    "/traces": ("?errors=1", "?q=nothing+like+it"),
    "/traces/{trace_id}": ("?view=transcript", "?view=tree&find=e&only=tools", "?measure=tokens", "?view=graph"),
    "/conversations/{name}": ("?failures=1",),
    "/interactions": ("?errors=1&q=a", "?q=nothing+like+it"),
    "/tool-calls": ("?errors=1", "?q=tool:nothing+like+it"),
    "/spans": ("?order=slowest",),
    "/issues": ("?kind=loop",),
    "/compare": ("?a={trace_id}&b={trace_id}",),
    "/compare/cohorts": ("?by=user&a={user}&b={user}",),
    "/jump": ("?to=img",),
    "/issues/{fingerprint}": ("?range=24h",),
}
REFUSED = ("/traces/" + "12" * 16, "/nowhere")


def all_pages(server: RunningServer, names: dict[str, dict[str, str]]) -> dict[str, str]:
    """Address by its pattern. `names` are values of path parameters: by the first part of the path, then by name."""
    found = {path: path for path in REFUSED}
    planted = {"trace_id": names["traces"]["trace_id"], "user": quote(names["users"]["name"], safe="")}
    for path, methods in server.get("/openapi.json").json()["paths"].items():
        if "get" not in methods or path.startswith(("/api/", "/v1/")) or path.endswith(".json"):
            continue
        own = names.get(path.split("/")[1], {})
        unknown = [name for name in PARAMETER.findall(path) if name not in own]
        assert not unknown, f"{path} has parameters that the walk over all pages knows no value of: {unknown}"
        address = path
        for name in PARAMETER.findall(path):
            address = PARAMETER.sub(quote(own[name], safe=""), address, count=1)  # quoted, it holds no backslash
        if not _is_page(server.url + address):
            continue
        found |= {path + variant: address + variant.format_map(planted) for variant in ("", *VARIANTS.get(path, ()))}
    return found


def _is_page(url: str) -> bool:
    """Whether a whole page is there: neither a part of one, nor a stream of events, which never ends."""
    with httpx.stream("GET", url, headers=BROWSER, timeout=60) as answer:
        if not answer.headers["content-type"].startswith("text/html"):
            return False
        return "<html" in answer.read().decode()
