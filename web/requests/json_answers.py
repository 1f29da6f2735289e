"""Answers in JSON."""

import orjson
from fastapi import Response


def json_answer(body: object, status: int = 200) -> Response:
    """The body as JSON that nobody keeps; bytes are JSON already."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Response(content, status, {"cache-control": "no-store"}, "application/json")
