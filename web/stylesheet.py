"""The style sheets of `web/static/css` as one, so that a page waits for one answer before it is painted."""

import hashlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
PATH = "css/all.css"  # below /static
# what every page has, then parts in the order in which they overrule one another
SHEETS = (
    *("tokens", "base", "layout", "controls", "status", "list", "live", "tree", "waterfall", "minimap", "graph"),
    *("turns", "detail", "transcript", "conversation", "prices", "settings", "ingest", "issues", "channels", "alerts"),
    *("signals", "redaction", "visitor", "overview", "palette", "compare", "facets", "row_lists"),
)


@cache
def stylesheet() -> bytes:
    """The text."""
    return b"".join((STATIC / f"css/{name}.css").read_bytes() for name in SHEETS)


@cache
def stylesheet_url() -> str:
    """Where it is; another text has another URL, so that browsers may keep it for good."""
    return f"/static/{PATH}?v={hashlib.sha256(stylesheet()).hexdigest()[:10]}"
