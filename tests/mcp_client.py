"""The official SDK's client, asking the tools of a Rainbarrel; every answer is held against its token budget."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent

from web.mcp_server.token_budget import tokens_of
from web.mcp_server.tool import BUDGET


@dataclass(frozen=True)
class Agent:
    """Asks tools."""

    client: Client

    async def ask(self, tool: str, /, **arguments: Any) -> str:
        """The text of an answer that is no error."""
        text, is_error = await self.result(tool, **arguments)
        assert not is_error, text
        return text

    async def refused(self, tool: str, /, **arguments: Any) -> str:
        """The sentence of an error."""
        text, is_error = await self.result(tool, **arguments)
        assert is_error, text
        return text

    async def result(self, tool: str, /, **arguments: Any) -> tuple[str, bool]:
        result = await self.client.call_tool(tool, arguments)
        (content,) = result.content
        assert isinstance(content, TextContent)
        assert tokens_of(content.text) <= arguments.get("token_budget", BUDGET)
        return content.text, result.is_error


@asynccontextmanager
async def agent_over_http(url: str, key: str = "", app: Any = None) -> AsyncIterator[Agent]:
    """An agent that asks the server at `url`, or an application of this process."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    transport = httpx2.ASGITransport(app) if app is not None else None
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False, transport=transport) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
    ):
        yield Agent(client)
