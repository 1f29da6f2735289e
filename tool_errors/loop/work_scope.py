"""Which piece of work a call belongs to: the user's request, and the agent with the task that was delegated to it.

Two agents that read the same file once each, or one agent that reads it for each request, do not repeat themselves.
"""

import dataclasses
import hashlib
from collections.abc import Sequence

from tool_errors.findings import ToolCall
from tool_errors.loop.call_signature import near_key
from tool_errors.trace_view import TraceView
from trace_store.assembly import NO_PARENT

SEPARATOR = "\x1e"


def with_scopes(view: TraceView, calls: Sequence[ToolCall], request: str | None) -> tuple[ToolCall, ...]:
    """The calls of a trace, each with its scope. `request` is the preview of what the user said first.

    Traces with the same request share their scopes: a client may send a trace per model call. In a trace that serves
    several interactions each of them is a request.
    """
    owners = {call.interaction_id for call in calls}
    call_at = {view.position[span_id]: call for call in calls for span_id in call.span_ids if span_id in view.position}
    workers: dict[int, str] = {}
    found = []
    for call in calls:
        of_request = call.interaction_id if len(owners) > 1 else request or call.interaction_id
        start = view.position.get(call.span_id or call.asked_by or b"", NO_PARENT)
        worker = _worker(view, start, call_at, workers) if start != NO_PARENT else ""
        scope = f"{_digest(of_request or call.trace_id.hex())}/{worker and _digest(worker)}"
        found.append(dataclasses.replace(call, scope=scope))
    return tuple(found)


def _worker(view: TraceView, position: int, call_at: dict[int, ToolCall], workers: dict[int, str]) -> str:
    """The nearest agent above a row, and the calls with their arguments that it runs inside."""
    path = []
    above = view.rows[position].parent_index
    while above != NO_PARENT and above not in workers:
        path.append(above)
        above = view.rows[above].parent_index
    worker = workers[above] if above != NO_PARENT else SEPARATOR
    for row in reversed(path):
        facts, outer = view.facts(row), call_at.get(row)
        if facts is not None and facts.type == "agent" and facts.agent_name:
            worker = f"{worker.partition(SEPARATOR)[0]}{SEPARATOR}{facts.agent_name}"
        if outer is not None:
            worker = _digest(f"{worker}{SEPARATOR}{outer.name}{SEPARATOR}{near_key(outer)}") + SEPARATOR
        workers[row] = worker
    return worker


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
