"""MCP over standard input and output: every question is passed on to a server's /mcp, by the SDK on both sides."""

import asyncio
import ssl
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

from web.version import program_version

TIMEOUT_S = 120.0
Context = ServerRequestContext[Any, Any]


def forward(url: str, key: str, tls: ssl.SSLContext | None) -> None:
    """Answers on standard output what is asked on standard input, until that ends."""
    asyncio.run(_forward(url, key, tls))


async def _forward(url: str, key: str, tls: ssl.SSLContext | None) -> None:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=TIMEOUT_S, trust_env=False, verify=tls or True) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):

        async def list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
            return await client.list_tools()

        async def call_tool(_: Context, params: CallToolRequestParams) -> CallToolResult:
            return await client.call_tool(params.name, params.arguments or {})

        server: Server[Any] = Server(
            "rainbarrel",
            version=program_version(),
            title="Rainbarrel",
            instructions=client.instructions,
            on_list_tools=list_tools,
            on_call_tool=call_tool,
        )
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
