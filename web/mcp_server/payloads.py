"""One span or tool call: what it has, and slices of its payloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from trace_store.attributes import json_safe
from trace_store.derived_rows import ToolCallRow
from trace_store.stored import TraceKey
from web.api.spans import span_object
from web.context import WebContext
from web.filters import duration
from web.mcp_server.own_api import OwnApi
from web.mcp_server.token_budget import BYTES_A_TOKEN, one_line, within
from web.requests.errors import BadRequest, read_id
from web.trace.span_detail import read_span_records

PARTS = ("arguments", "result", "input", "output", "attributes", "error")
HEAD_TOKENS = 120  # for the lines around a slice
NAME_CHARS, ERROR_CHARS = 80, 300
PREVIEW_CHARS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class SpanParts:
    """What can be read of a span or call."""

    handle: str
    title: str
    parts: Mapping[str, str]  # those that are there, as text


async def read_parts(context: WebContext, api: OwnApi, trace: TraceKey, handle: str) -> SpanParts:
    """The parts of the span or call with this handle; BadRequest for a handle that the trace does not have."""
    calls = await context.reader.tool_calls(trace)
    call = next(
        (row for row in calls if handle in (row.call_key, row.span_id and row.span_id.hex(), row.call_id)), None
    )
    if call is not None and call.span_id is None:
        return SpanParts(handle, _call_title(call), _printed(await _told_of_call(api, trace, call)))
    span_id = call.span_id if call is not None and call.span_id else read_id(handle.lower(), 8, "span")
    records = await read_span_records(context.reader, trace, span_id, await context.rules.registry(trace.project_id))
    if records is None:
        raise BadRequest(f"Trace {trace.trace_id.hex()} has no span {handle}; get_trace shows the handles.")
    span = span_object(records)
    facts = span["facts"] or {}
    errors = [dict(event.attributes) for event in records.span.events if event.name == "exception"]
    found = {
        "arguments": facts.get("arguments"),
        "result": facts.get("result"),
        "input": span["input_messages"] or facts.get("input_text"),
        "output": span["output_messages"] or facts.get("output_text"),
        "attributes": {"attributes": span["attributes"], "resource": span["resource"]},
        "error": _error(call, span["status_message"], errors),
    }
    if call is not None and _lacks_payload(call, found):
        told = await _told_of_call(api, trace, call)
        found |= {name: told[name] for name in ("arguments", "result") if found[name] is None}
    took = int(span["end_unix_nano"]) - int(span["start_unix_nano"]) if span["end_unix_nano"] != "0" else None
    kind = facts.get("type", "other")
    title = f"span {span['span_id']}: {kind} {one_line(span['name'] or '(no name)', NAME_CHARS)}, {duration(took)}"
    return SpanParts(handle, title if call is None else f"{title}\n{_call_title(call)}", _printed(found))


def overview(found: SpanParts, trace_id: str, budget: int) -> str:
    """Each part with its size and its beginning."""
    room = (budget - HEAD_TOKENS) * BYTES_A_TOKEN // max(1, len(found.parts))
    lines = [found.title]
    for name, text in found.parts.items():
        lines.append(f"{name} ({len(text):,} characters): {_beginning(text, min(room - 80, PREVIEW_CHARS_MAX))}")
    lines.append(
        f'A whole part: get_span("{trace_id}", "{found.handle}", part="{next(iter(found.parts), "attributes")}").'
    )
    return within("\n".join(lines), budget)


def part_slice(found: SpanParts, part: str, offset: int, length: int | None, budget: int) -> str:
    """Characters of a part from `offset` on, as many as were asked for and fit, and where to go on."""
    if part not in found.parts:
        has = ", ".join(found.parts) or "nothing"
        raise BadRequest(f"{found.handle} has no {part}; it has {has}.")
    text = found.parts[part]
    if offset and offset >= len(text):
        raise BadRequest(f"offset={offset} lies behind the end: {part} has {len(text):,} characters.")
    wanted = text[offset:] if length is None else text[offset : offset + length]
    shown = wanted.encode("utf-8", "replace")[: (budget - HEAD_TOKENS) * BYTES_A_TOKEN].decode(errors="ignore")
    end = offset + len(shown)
    following = f"next offset {end}" if end < len(text) else "the end"
    head = (
        f"{part} of {one_line(found.handle, NAME_CHARS)}, characters {offset:,}-{end:,} of {len(text):,}, {following}"
    )
    return within(f"{head}\n{shown}", budget)


def _beginning(text: str, bytes_max: int) -> str:
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= bytes_max else raw[: max(0, bytes_max)].decode(errors="ignore") + "…"


def _call_title(call: ToolCallRow) -> str:
    evidence = f" ({call.rule} at {call.path})" if call.rule else ""
    return f"tool call {one_line(call.name or 'without a name', NAME_CHARS)}: {call.status}{evidence}"


def _lacks_payload(call: ToolCallRow, found: Mapping[str, Any]) -> bool:
    digests = (call.arguments_digest, call.result_digest)
    return any(found[name] is None and held for name, held in zip(("arguments", "result"), digests, strict=True))


async def _told_of_call(api: OwnApi, trace: TraceKey, call: ToolCallRow) -> dict[str, Any]:
    """What messages tell of the call, from the contract of the trace."""
    contract = await api.get(f"/api/traces/{trace.trace_id.hex()}", {"spans_limit": "0"})
    told: dict[str, Any] = next((each for each in contract["tool_calls"] if each["call_key"] == call.call_key), {})
    return {"arguments": told.get("arguments"), "result": told.get("result"), "error": _error(call, "", [])}


def _error(call: ToolCallRow | None, status_message: str, exceptions: list[dict[str, Any]]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if call is not None and call.status not in ("ok", "pending"):
        found = {
            "derived_status": call.status,
            "rule": call.rule,
            "path": call.path,
            "type": call.error_type,
            "message": call.error_message,
            "fingerprint": call.fingerprint,
            "recovered": call.recovered,
        }
    found |= {"status_message": status_message} if status_message else {}
    return found | ({"exceptions": exceptions} if exceptions else {}) or None


def _printed(parts: Mapping[str, Any]) -> dict[str, str]:
    """Text as it is, everything else as JSON; what is not there is left out."""
    return {
        name: value if isinstance(value, str) else orjson.dumps(json_safe(value)).decode()
        for name, value in parts.items()
        if value is not None and value not in ("", [])
    }
