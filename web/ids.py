"""Ids that users type after a command."""

from trace_store.exceptions import RainbarrelError


def read_trace_id(text: str) -> bytes:
    """16 bytes from 32 hex digits; RainbarrelError for anything else."""
    try:
        trace_id = bytes.fromhex(text)
    except ValueError:
        trace_id = b""
    if len(trace_id) != 16 or len(text) != 32:
        raise RainbarrelError(f"{text!r} is no trace id: it has 32 hex digits.")
    return trace_id
