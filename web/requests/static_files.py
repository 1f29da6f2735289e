"""Serves `web/static`, and its style sheets as one.

A URL that names its file's version may be kept for good, any other is asked for again.

Source: RFC 9111, section 5.2; RFC 8246 (immutable).
"""

from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web.stylesheet import PATH, stylesheet

_FOR_GOOD = "public, max-age=31536000, immutable"


class VersionedFiles(StaticFiles):
    """Static files with cache headers. Scripts import each other without a version, hence the second rule."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 404."""
        if path == PATH:
            response = Response(stylesheet(), media_type="text/css")
        else:
            response = await super().get_response(path, scope)
        is_versioned = "v" in parse_qs(scope["query_string"].decode("latin-1"))
        response.headers["cache-control"] = _FOR_GOOD if is_versioned and response.status_code == 200 else "no-cache"
        return response
