"""A span of our own for each question (trace_store/own_spans.py), named after its route, not after what was asked."""

from starlette.types import ASGIApp, Receive, Scope, Send

from trace_store.own_spans import own_span


class QuestionSpans:
    """The innermost middleware: the router writes the route into the scope that it gets here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with own_span(scope["method"]) as span:
            await self._app(scope, receive, send)
            if route := getattr(scope.get("route"), "path", ""):
                span.rename(f"{scope['method']} {route}")
