"""A trace as a file behind a signed address: whoever has it may read that one trace for 15 minutes, without a key.

The signature is made with a secret of this installation that all processes share; nothing is stored for it.
"""

import base64
import binascii
import hashlib
import hmac
import time
from typing import Any, Literal, get_args

import orjson

from trace_store.stored import TraceKey
from web.api.traces import is_heavy, unknown_trace
from web.context import WebContext
from web.processes import heavy_reads
from web.requests.errors import Forbidden, Unavailable, WebError
from web.trace.trace_reading import read_contract

LIFETIME_S = 15 * 60
FILE_BYTES_MAX = 25_000_000
SPANS_MAX = 2**31
FilePart = Literal["all", "spans", "tool_calls", "failures"]
FILE_PARTS: tuple[FilePart, ...] = get_args(FilePart)
_LISTS = ("spans", "tool_calls", "llm_calls", "loops")
_PURPOSE = b"a trace as a file"


class TooLarge(WebError):
    """The file would be larger than FILE_BYTES_MAX."""

    status = 413


def sign(secret: bytes, trace: TraceKey, part: FilePart, now_s: float | None = None) -> str:
    """The token of an address that is good for LIFETIME_S from now."""
    ends_at = int(time.time() if now_s is None else now_s) + LIFETIME_S
    said = orjson.dumps([trace.project_id, trace.trace_id.hex(), part, ends_at])
    return f"{_text(said)}.{_text(_signature(secret, said))}"


def read_token(secret: bytes, token: str, now_s: float | None = None) -> tuple[TraceKey, FilePart]:
    """What a token is for; Forbidden for one that was not signed here, was altered, or has expired."""
    said, _, signature = token.partition(".")
    try:
        raw, signed = _bytes(said), _bytes(signature)
    except (binascii.Error, ValueError):
        raw, signed = b"", b""
    if not hmac.compare_digest(_signature(secret, raw), signed):
        raise Forbidden("This address of a file was not made by this server, or was altered: ask for a new one.")
    project_id, trace_id, part, ends_at = orjson.loads(raw)
    if (time.time() if now_s is None else now_s) >= ends_at:
        raise Forbidden("This address of a file has expired: ask for a new one, which is good for 15 minutes.")
    return TraceKey(project_id, bytes.fromhex(trace_id)), part


def signing_secret(context: WebContext) -> bytes:
    """The secret; Unavailable while it was never read from the database."""
    ring = context.control.ring.now
    if ring is None:
        raise Unavailable("The keys of this server were not read yet; try again.")
    return ring.session_secret


async def read_file(context: WebContext, trace: TraceKey, part: FilePart) -> bytes:
    """The JSON contract, or a part of it; NotFound for an unknown trace, TooLarge says what to ask for instead."""
    body: bytes | None
    mappings = await context.rules.texts(trace.project_id)
    if await is_heavy(context, trace):
        arguments = (context.conninfo, trace, mappings, 0, SPANS_MAX)
        body = await context.reader_process.run(heavy_reads.contract_json, *arguments)
    else:
        contract = await read_contract(context.reader, trace, mappings.registry())
        body = None if contract is None else orjson.dumps(contract)
    if body is None:
        raise unknown_trace(trace)
    if part != "all":
        body = orjson.dumps(narrowed(orjson.loads(body), part))
    if len(body) > FILE_BYTES_MAX:
        raise TooLarge(too_large(len(body), part))
    return body


def narrowed(contract: dict[str, Any], part: FilePart) -> dict[str, Any]:
    """The contract with only one of its lists, or with the tool calls that did not work."""
    kept = "tool_calls" if part == "failures" else part
    found = {name: value for name, value in contract.items() if name not in _LISTS or name == kept}
    if part == "failures":
        found["tool_calls"] = [call for call in found["tool_calls"] if call["status"] not in ("ok", "pending")]
    return found


def too_large(size: int, part: FilePart) -> str:
    """The sentence that says what to narrow."""
    smaller = {"all": "failures, tool_calls or spans", "tool_calls": "failures"}.get(part)
    narrower = f'ask for part="{smaller}", or ' if smaller == "failures" else ""
    narrower = f"ask for one part ({smaller}), or " if smaller and not narrower else narrower
    return (
        f"This file would have {size / 1e6:,.1f} MB, more than {FILE_BYTES_MAX // 1_000_000} MB: {narrower}"
        "read single payloads with get_span(trace_id, span, part, offset)."
    )


def _signature(secret: bytes, said: bytes) -> bytes:
    return hmac.digest(hmac.digest(secret, _PURPOSE, hashlib.sha256), said, hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
