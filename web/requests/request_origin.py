"""How the reader of a page reaches this server: for the commands that pages show."""

from contextvars import ContextVar

from starlette.requests import HTTPConnection

ORIGIN: ContextVar[str] = ContextVar("ORIGIN", default="")  # of the request; "" outside one
FOUND_BY_ITSELF = ("http://127.0.0.1:4318", "http://localhost:4318")  # commands ask there unless told otherwise


def origin_of(request: HTTPConnection) -> str:
    """Scheme, host and port, such as `http://127.0.0.1:4318`."""
    return f"{request.url.scheme}://{request.url.netloc}"


def grpc_origin_of(request: HTTPConnection, grpc_port: int | None) -> str:
    """The same for OTLP over gRPC; "" without such a port."""
    host = request.url.hostname or "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{grpc_port}" if grpc_port else ""


def server_origin() -> str:
    """The server that shows the page; its usual address outside a request."""
    return ORIGIN.get() or FOUND_BY_ITSELF[0]


def demo_command() -> str:
    """The command that sends a sample agent's runs to the server that shows the page."""
    origin = server_origin()
    return "rainbarrel demo" + ("" if origin in FOUND_BY_ITSELF else f" --url {origin}")
