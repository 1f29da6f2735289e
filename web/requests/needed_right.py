"""Which right a request needs, by its method and path; whatever is not named here is read, or changed."""

from otlp_receiver.access import Right

OPEN_PATHS = ("/static/", "/sign-in", "/sign-out", "/files/")  # what signing in needs; files have a signed address
SENDING_PATHS = frozenset(
    {"/v1/events/track", "/v1/events/track_partial", "/v1/signals/track", "/v1/users/identify", "/v1/live"}
)
ASKING_PATHS = (
    "/v1/",
    "/mcp",
    "/compare/",
)  # POST asks there, because a question can be long; an export is compared, not kept
ADMINISTRATION = ("/settings/keys", "/settings/ingest/key", "/api/keys", "/api/projects")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def needed_right(method: str, path: str) -> Right | None:
    """The right; None for what is open to everybody."""
    if path.startswith(OPEN_PATHS):
        return None
    if path.startswith(ADMINISTRATION):
        return "settings"
    if method in _SAFE:
        return "read"
    if path.rstrip("/") in SENDING_PATHS:
        return "write"
    if method == "POST" and path.startswith(ASKING_PATHS):
        return "read"
    return "settings" if path.startswith("/v1/") else "change"
