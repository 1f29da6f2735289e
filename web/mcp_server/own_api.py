"""How tools read: through the HTTP API of this process, as whoever asked, in the project of their request.

So a tool can tell nothing that a GET with the same key would not, and each list has one implementation.
"""

from collections.abc import Mapping
from typing import Any

import httpx
from starlette.requests import Request

from otlp_receiver.access import PROJECT_HEADER
from web.requests.access_gate import access_of
from web.requests.errors import WebError

_NOT_PASSED_ON = {"host", "accept", "accept-encoding", "connection", "content-length", "content-type", PROJECT_HEADER}


class OwnApi:
    """GET requests inside this process, on behalf of a request to /mcp."""

    def __init__(self, request: Request) -> None:
        self._prefix = f"/projects/{access_of(request).project}"
        self._headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
        client = request.client
        address = (client.host, client.port) if client else ("", 0)
        self._transport = httpx.ASGITransport(request.app, raise_app_exceptions=False, client=address)

    async def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """The JSON that a path answers; WebError with the API's sentence for any status but 200."""
        async with httpx.AsyncClient(transport=self._transport, base_url="http://rainbarrel") as client:
            headers = self._headers | {"accept": "application/json"}
            response = await client.get(self._prefix + path, params=parameters, headers=headers)
        if response.status_code != 200:
            raise WebError(_sentence(response))
        return response.json()


def _sentence(response: httpx.Response) -> str:
    try:
        said = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"Rainbarrel answers {response.status_code}."
    return str(said["message"] if isinstance(said, dict) else said)
