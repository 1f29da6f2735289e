"""The body of a request that asks or changes something, bounded."""

from typing import Any

import orjson
from fastapi import Request

from web.requests.errors import BadRequest

OBJECT_BYTES_MAX = 64 * 1024


async def read_bounded(request: Request, bytes_max: int) -> bytes:
    """The whole body; BadRequest when it is larger."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise BadRequest(f"The body is larger than {bytes_max // 1024} KiB; send less.")
    return body


async def read_object(request: Request, example: str) -> dict[str, Any]:
    """The JSON object that the request sends; BadRequest, with an example, for anything else."""
    try:
        said = orjson.loads(await read_bounded(request, OBJECT_BYTES_MAX))
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise BadRequest(f"A JSON object is needed, such as {example}.")
    return said
