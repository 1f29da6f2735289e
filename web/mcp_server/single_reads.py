"""What tells one thing: an event, conversation, user, issue, signal, tool, trace or span; and the list of tools."""

from dataclasses import replace
from urllib.parse import quote

from trace_store.stored import TraceKey
from web.api.traces import is_heavy, unknown_trace
from web.mcp_server.listing import EVENTS, Listing
from web.mcp_server.payloads import SpanParts, overview, part_slice, read_parts
from web.mcp_server.token_budget import (
    fitted_json,
    fitting_count,
    json_line,
    one_line,
    shortened,
    tokens_of,
    within,
)
from web.mcp_server.tool import Asked
from web.mcp_server.trace_outline import Wish, outline
from web.processes import heavy_reads
from web.requests.errors import BadRequest
from web.trace.trace_files import FILE_PARTS, LIFETIME_S, read_file, sign, signing_secret
from web.trace.trace_reading import read_tree_records
from web.trace.tree_view import build_tree

EVENT_PARTS = {"input": "user_input", "output": "assistant_output", "properties": "properties"}
EVENT_PARTS |= {"attachments": "input_attachments"}
RANGE = "7d"  # of what is told of tools
ISSUE_FIELDS = ("fingerprint", "kind", "title", "status", "events", "users")
HEAD_SHARE = 3  # of the budget, one part in so many goes to what stands above a list
ID_CHARS = 80


async def get_event(asked: Asked) -> str:
    """One event, or a slice of one of its texts."""
    event_id = asked.text("event_id")
    event = (await asked.api.get(f"/v1/events/{_in_path(event_id)}"))["data"]
    part = asked.text("part")
    if not part:
        hint = f'get_trace(event_id="{one_line(event_id, ID_CHARS)}") tells what the agent did.'
        return f"{fitted_json(event, asked.budget - tokens_of(hint) - 1)}\n{hint}"
    value = event[EVENT_PARTS[part]]
    if part == "attachments":
        value = value + event["output_attachments"]
    texts = {part: value if isinstance(value, str) else json_line(value)} if value else {}
    length = asked.given.get("length")
    found = SpanParts(event_id, f"event {event_id}", texts)
    return part_slice(found, part, asked.given.get("offset", 0), length, asked.budget)


async def get_conversation(asked: Asked) -> str:
    """What a conversation is, and its events in their order."""
    conversation_id = asked.text("conversation_id")
    return await _with_events(
        asked, f"/v1/conversations/{_in_path(conversation_id)}", {"convo_id": conversation_id, "order_by": "timestamp"}
    )


async def get_user(asked: Asked) -> str:
    """Who a user is, and the newest events."""
    user_id = asked.text("user_id")
    return await _with_events(asked, f"/v1/users/{_in_path(user_id)}", {"user_id": user_id})


async def get_issue(asked: Asked) -> str:
    """One issue."""
    fingerprint = asked.text("fingerprint")
    issue = await asked.api.get(
        f"/api/issues/{_in_path(fingerprint)}", {"range": asked.text("range")} if "range" in asked.given else None
    )
    hint = "get_trace(trace_id) of an example tells what led to it."
    return f"{fitted_json(issue, asked.budget - tokens_of(hint) - 1)}\n{hint}"


async def list_tools(asked: Asked) -> str:
    """What became of the calls of each tool; the cursor is a place in the list."""
    found = await asked.api.get("/tools.json", {"range": asked.text("range", RANGE)})
    start = asked.given.get("cursor", 0)
    tools = found["tools"][start : start + asked.given.get("limit", 200)]
    lines = [json_line(shortened({k: v for k, v in tool.items() if v not in (None, [])}, 120, 3)) for tool in tools]
    count = fitting_count(lines, asked.budget - 80)
    end = start + count
    more = f' More: cursor="{end}".' if end < len(found["tools"]) else " There are no more."
    foot = f"Showing {count} of {found['total']:,} tools, most calls first.{more}"
    hint = "get_tool(tool) tells one and how it fails, list_traces(tool=NAME) where it was called."
    return within("\n".join([*lines[:count], f"{foot} {hint}"]), asked.budget)


async def get_signal(asked: Asked) -> str:
    """What a signal is, and the newest events where it was met."""
    signal = asked.text("signal")
    return await _with_events(asked, f"/v1/signals/{_in_path(signal)}", {"signal": signal})


async def get_tool(asked: Asked) -> str:
    """What became of the calls of one tool, how it fails, and how models were last told of it."""
    name = asked.text("tool")
    within_range = {"range": asked.text("range", RANGE)}
    stats = (await asked.api.get("/tools.json", within_range))["tools"]
    issues = await asked.api.get("/api/issues", {**within_range, "tool": name, "order": "events", "limit": "10"})
    told = await asked.api.get(f"/api/tools/{_in_path(name)}/definitions")
    found = {
        "tool": name,
        **within_range,
        "calls": next((tool for tool in stats if tool["name"] == name), None),
        "issues": [{key: issue[key] for key in ISSUE_FIELDS} for issue in issues["issues"]],
        "issue_count": issues["total"],
        "definition": next(iter(told["definitions"]), None),
        "definition_count": told["total"],
    }
    if not found["calls"] and not issues["total"] and not told["total"]:
        raise BadRequest(
            f"Nothing is known of a tool {one_line(name, ID_CHARS)} within {within_range['range']}; "
            "list_tools names those that were called."
        )
    hint = "list_traces(tool=NAME) tells where it was called, get_issue(fingerprint) how it fails."
    return f"{fitted_json(found, asked.budget - tokens_of(hint) - 1)}\n{hint}"


async def get_trace(asked: Asked) -> str:
    """The outline of a trace."""
    trace, others = await _trace_asked_for(asked)
    note = f"This event has {len(others) + 1} traces; the others: {', '.join(others)[:200]}" if others else ""
    wish = Wish(
        asked.budget - tokens_of(note) - 1,
        asked.text("section", "all"),  # type: ignore[arg-type]  # one of the words of the schema
        asked.text("after"),
        asked.text("under"),
    )
    context = asked.context
    found: str | None
    if await is_heavy(context, trace):
        found = await context.reader_process.run(heavy_reads.trace_outline, context.conninfo, trace, wish)
    else:
        records = await read_tree_records(context.reader, trace)
        found = None if records is None else outline(records, build_tree(records, ""), wish)
    if found is None:
        raise unknown_trace(trace)
    return f"{note}\n{found}" if note else found


async def get_span(asked: Asked) -> str:
    """One span or call: what it has, or a slice of a part."""
    trace, _ = await _trace_asked_for(asked)
    found = await read_parts(asked.context, asked.api, trace, asked.text("span"))
    if "part" not in asked.given:
        return overview(found, trace.trace_id.hex(), asked.budget)
    offset, length = asked.given.get("offset", 0), asked.given.get("length")
    return part_slice(found, asked.text("part"), offset, length, asked.budget)


async def trace_as_file(asked: Asked) -> str:
    """An address to fetch the trace from."""
    trace, _ = await _trace_asked_for(asked)
    part = next(known for known in FILE_PARTS if known == asked.text("part", "all"))
    size = len(await read_file(asked.context, trace, part))
    token = sign(signing_secret(asked.context), trace, part)
    url = asked.request.url
    return (
        f"{url.scheme}://{url.netloc}/files/{token}\n"
        f"JSON, {size:,} bytes, good for {LIFETIME_S // 60} minutes without a key (curl -o trace.json ADDRESS)."
    )


async def _with_events(asked: Asked, path: str, fixed: dict[str, str]) -> str:
    head = ""
    if "cursor" not in asked.given:
        head = fitted_json((await asked.api.get(path))["data"], asked.budget // HEAD_SHARE) + "\n"
    events: Listing = replace(EVENTS, parameters={"limit": "limit"})
    return head + await events.page(asked, fixed, asked.budget - tokens_of(head))


async def _trace_asked_for(asked: Asked) -> tuple[TraceKey, list[str]]:
    """The trace, and the other traces of the event that names it."""
    if "trace_id" in asked.given:
        return asked.context.trace_key(asked.text("trace_id")), []
    if "event_id" not in asked.given:
        raise BadRequest("Give trace_id (32 hexadecimal digits) or event_id: list_traces and list_events tell them.")
    event_id = asked.text("event_id")
    traces = (await asked.api.get(f"/v1/events/{_in_path(event_id)}"))["data"]["trace_ids"]
    if not traces:
        raise BadRequest(f"Event {event_id} has no trace: its application sent the event, but no spans for it.")
    return asked.context.trace_key(traces[0]), traces[1:]


def _in_path(text: str) -> str:
    return quote(text, safe="")
