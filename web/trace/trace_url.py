"""The address of the page of a trace, and of a span in it. Pure."""


def trace_url(trace_id: bytes | str, span_id: bytes | str | None = None) -> str:
    """The page of a trace, with a span selected where one is given; ids as bytes or in hex."""
    return with_span(f"/traces/{_hex(trace_id)}", _hex(span_id or ""))


def with_span(path: str, span_id: str) -> str:
    """The page of a trace at `path` with a span selected, by its id in hex; none for ""."""
    return f"{path}?span={span_id}" if span_id else path


def span_of_call(call_key: str) -> str:
    """The id in hex of the span of a tool call; "" for one without, see `call_key` of tool_errors/findings.py."""
    return "" if ":" in call_key else call_key


def _hex(identifier: bytes | str) -> str:
    return identifier if isinstance(identifier, str) else identifier.hex()
