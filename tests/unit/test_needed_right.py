"""Which right a request needs: what is not known is read or changed, never open."""

import pytest

from web.requests.needed_right import needed_right


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/traces", "read"),
        ("GET", "/api/traces/x", "read"),
        ("GET", "/v1/events", "read"),
        ("GET", "/openapi.json", "read"),
        ("POST", "/v1/query/traces", "read"),
        ("POST", "/mcp", "read"),
        ("POST", "/v1/events/track", "write"),
        ("POST", "/v1/events/track_partial", "write"),
        ("POST", "/v1/signals/track/", "write"),
        ("GET", "/v1/events/track", "read"),
        ("DELETE", "/v1/users/u", "settings"),
        ("POST", "/issues/abc", "change"),
        ("DELETE", "/api/signals/1", "change"),
        ("GET", "/settings/keys", "settings"),
        ("POST", "/api/keys", "settings"),
        ("GET", "/api/projects", "settings"),
        ("GET", "/sign-in", None),
        ("POST", "/sign-out", None),
        ("GET", "/files/a.b", None),
        ("GET", "/filesystem", "read"),
        ("GET", "/static/css/base.css", None),
        ("BREW", "/traces", "change"),
    ],
)
def test_the_right(method: str, path: str, right: str | None) -> None:
    assert needed_right(method, path) == right
