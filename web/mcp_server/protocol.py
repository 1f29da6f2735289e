"""The tools over the Model Context Protocol, by the official SDK: a server without sessions that answers in JSON.

Importing the SDK takes a second, so only `endpoint.py` imports this module, at the first request.
Source: https://modelcontextprotocol.io/specification
"""

import logging
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.requests import Request

from trace_store.exceptions import RainbarrelError, StoreUnavailable
from web.context import request_context
from web.mcp_server.own_api import OwnApi
from web.mcp_server.token_budget import within
from web.mcp_server.tool import BUDGET, Asked
from web.mcp_server.tools import BY_NAME, INSTRUCTIONS, TOOLS
from web.requests.errors import BadRequest, WebError
from web.version import program_version

Context = ServerRequestContext[Any, Request]
READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
UNAVAILABLE = "The database cannot be reached right now; ask again in a few seconds."
FAULT = "This is a fault of Rainbarrel; its log says more."

log = logging.getLogger(__name__)


def make_manager() -> StreamableHTTPSessionManager:
    """What answers the requests to /mcp; it has to be run as long as it is asked."""
    server: Server[Any] = Server(
        "rainbarrel",
        version=program_version(),
        title="Rainbarrel",
        instructions=INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
    )
    return StreamableHTTPSessionManager(server, json_response=True, stateless=True)


async def _list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
    tools = [
        Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.schema,
            annotations=READ_ONLY,
        )
        for tool in TOOLS
    ]
    return ListToolsResult(tools=tools)


async def _call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
    try:
        text = await _answer(context.request, params.name, params.arguments or {})
    except WebError as error:
        return _error(error.sentence)
    except RainbarrelError as error:
        return _error(UNAVAILABLE if type(error) is StoreUnavailable else str(error))
    except Exception:
        log.exception("the MCP tool %s failed", params.name)
        return _error(FAULT)
    return CallToolResult(content=[TextContent(type="text", text=text)])


async def _answer(request: Request | None, name: str, arguments: dict[str, Any]) -> str:
    assert request is not None  # it came over HTTP
    tool = BY_NAME.get(name)
    if tool is None:
        raise BadRequest(f"There is no tool {name}; there are {', '.join(BY_NAME)}.")
    given = tool.read(arguments)
    budget = given.get("token_budget", BUDGET)
    asked = Asked(OwnApi(request), request_context(request), request, given, budget)
    return within(await tool.answer(asked), budget)


def _error(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=within(sentence, BUDGET))], is_error=True)
