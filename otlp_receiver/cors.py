"""CORS for the OTLP paths, so that browsers may send spans from pages of other origins; never with credentials.

Source: fetch.spec.whatwg.org (CORS protocol).
"""

from collections.abc import Mapping

ANY_ORIGIN = "*"
_PREFLIGHT_MAX_AGE_S = 7200

Headers = list[tuple[bytes, bytes]]


def cors_headers(origin: str | None, allowed_origins: frozenset[str]) -> Headers:
    """What lets a page of `origin` read the answer; empty when it may not, or when no browser asks."""
    if origin is None:
        return []
    if ANY_ORIGIN in allowed_origins:
        return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"retry-after")]
    vary = (b"vary", b"origin")
    if origin not in allowed_origins:
        return [vary]
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"retry-after"),
        vary,
    ]


def preflight_headers(headers: Mapping[str, str], allowed: Headers) -> Headers:
    """What a preflight request is told beside `allowed`, which `cors_headers` gave."""
    if not any(name == b"access-control-allow-origin" for name, _ in allowed):
        return []
    wanted = headers.get("access-control-request-headers", "content-type, content-encoding")
    return [
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", wanted.encode("latin-1")),
        (b"access-control-max-age", str(_PREFLIGHT_MAX_AGE_S).encode()),
    ]
