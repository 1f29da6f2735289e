"""The JSON object that a request sends, bounded."""

from typing import Any

import orjson
from fastapi import Request

from web.errors import BadRequest

BODY_BYTES_MAX = 64 * 1024


async def read_object(request: Request, example: str) -> dict[str, Any]:
    """The object; BadRequest, with an example, for anything else."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise BadRequest(f"The change is larger than {BODY_BYTES_MAX // 1024} KiB; send less.")
    try:
        said = orjson.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise BadRequest(f"A change is a JSON object such as {example}.")
    return said
