"""Whether a browser sent a request, and from whose page: what keeps other pages from sending our forms.

Sec-Fetch-Site (W3C Fetch Metadata) goes before Origin (RFC 6454), since no page can set it; browsers leave it out at
addresses of plain HTTP other than loopback, where our Referrer-Policy makes them tell the origin instead.
"""

import urllib.parse
from collections.abc import Mapping
from typing import Literal


def sent_by(headers: Mapping[str, str]) -> Literal["own page", "other page", "no browser"]:
    """Who sent the request; names of `headers` in lower case."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return "own page" if site in ("same-origin", "none") else "other page"
    origin = headers.get("origin")
    if origin is None:
        return "no browser"
    host = urllib.parse.urlsplit(f"//{headers.get('host', '')}").netloc
    return "own page" if host and urllib.parse.urlsplit(origin).netloc == host else "other page"
