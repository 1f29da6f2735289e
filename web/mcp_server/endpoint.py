"""`POST /mcp`: made at the first request, because the import of the SDK would slow every start of a server."""

import asyncio
import importlib
from contextlib import AsyncExitStack
from typing import Any

from starlette.types import Receive, Scope, Send


class McpEndpoint:
    """An ASGI application behind the gate; `close` ends it."""

    def __init__(self) -> None:
        self._manager: asyncio.Future[Any] | None = None
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if self._manager is None:
            self._manager = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._run(self._manager), name="mcp")
        manager = await asyncio.shield(self._manager)
        await manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """Ends what is under way."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _run(self, ready: asyncio.Future[Any]) -> None:
        """Holds the manager open: a task of its own, because its task group ends where it began."""
        async with AsyncExitStack() as stack:
            try:
                protocol = await asyncio.to_thread(importlib.import_module, "web.mcp_server.protocol")
                manager = protocol.make_manager()
                await stack.enter_async_context(manager.run())
            except Exception as error:
                self._manager = None
                ready.set_exception(error)
                return
            ready.set_result(manager)
            await self._closing.wait()
