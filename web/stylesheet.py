"""The style sheets of `web/static/css`, and of the libraries that come along, as one.

So a page waits for one answer before it is painted.
"""

import hashlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
PATH = "css/all.css"  # below /static
VENDORED = ("vendor/uplot/uplot-1.6.32.min.css",)
# what every page has, then parts in the order in which they overrule one another
SHEETS = (
    *("tokens", "base", "layout", "controls", "status", "list", "live", "tree", "waterfall", "minimap", "graph"),
    *("turns", "detail", "transcript", "conversation", "prices", "settings", "ingest", "issues", "channels", "alerts"),
    *("signals", "redaction", "visitor", "charts", "overview", "palette", "compare", "facets", "row_lists"),
    "forced_colors",  # last: it takes up what all others leave to backgrounds and shadows
)


@cache
def stylesheet() -> bytes:
    """The text."""
    paths = (*VENDORED, *(f"css/{name}.css" for name in SHEETS))
    return b"".join((STATIC / path).read_bytes() + b"\n" for path in paths)


@cache
def stylesheet_url() -> str:
    """Where it is; another text has another URL, so that browsers may keep it for good."""
    return f"/static/{PATH}?v={hashlib.sha256(stylesheet()).hexdigest()[:10]}"
