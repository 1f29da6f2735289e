"""Tools that list: a page of the API's list, one JSON object a line, as many as fit into the token budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tool_errors.findings import FAILED
from web.filters import utc
from web.mcp_server.token_budget import LEVELS, fitting_count, json_line, shortened, tokens_of, within
from web.mcp_server.tool import Asked
from web.requests.errors import BadRequest

LIMIT = 50
ROW_LEVEL = (300, 6)  # longest text and most items of a list in a row
FOOT_TOKENS = 110  # for the line below the rows, with the cursor
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Listing:
    """Which list, which of its parameters a tool has, and which fields of a row an agent needs."""

    path: str
    parameters: Mapping[str, str]  # parameter of the tool -> of the API
    fields: Sequence[str]
    rows: str = "data"  # the key of the rows
    cursor: str = "cursor"  # the API's parameter
    hint: str = ""  # what to do with a row

    async def answer(self, asked: Asked) -> str:
        """The rows with what is needed to go on."""
        return await self.page(asked, {}, asked.budget)

    async def page(self, asked: Asked, fixed: Mapping[str, str], budget: int) -> str:
        """The same with parameters that the tool itself sets."""
        given: dict[str, Any] = {"limit": asked.given.get("limit", LIMIT), **fixed}
        given |= {ours: asked.given[name] for name, ours in self.parameters.items() if name in asked.given}
        wanted = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
        if "cursor" in asked.given:
            wanted[self.cursor] = asked.text("cursor")
        found = await asked.api.get(self.path, wanted)
        rows = [self._row(row) for row in found[self.rows]]
        lines = [json_line(shortened(row, *ROW_LEVEL)) for row in rows]
        count = fitting_count(lines, budget - FOOT_TOKENS)
        if rows and not count:
            lines, count = [_shortest(rows[0], budget - FOOT_TOKENS)], 1
        following = _following(found)
        if count < len(rows):  # the API says where to go on after exactly so many
            following = _following(await asked.api.get(self.path, wanted | {"limit": str(count)}))
        return within("\n".join([*lines[:count], self._foot(count, found, following)]), budget)

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        told = dict(row) | _readable(row)
        return {name: told[name] for name in self.fields if told.get(name) not in EMPTY}

    def _foot(self, count: int, found: Mapping[str, Any], following: str | None) -> str:
        if not count:
            return "Nothing matches. Widen the filters, or leave some out."
        of_total = f" of {found['total']:,}" if isinstance(found.get("total"), int) and self.rows == "issues" else ""
        more = f' More: cursor="{following}" with the same parameters.' if following else " There are no more."
        return f"Showing {count}{of_total}.{more} {self.hint}".rstrip()


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Times that people read, and the tools that failed in an event."""
    moments = {"start": "start_unix_nano", "last_seen": "last_seen_unix_nano"}
    told: dict[str, Any] = {name: utc(int(row[field])) for name, field in moments.items() if row.get(field)}
    failed = [call["tool_name"] for call in row.get("tool_calls", ()) if call["derived_status"] in FAILED]
    return told | {"failed_tools": sorted(set(failed))}


def _following(found: Mapping[str, Any]) -> str | None:
    place = found["meta"].get("cursor") if "meta" in found else found.get("next")
    return None if place is None else str(place)


def _shortest(row: Mapping[str, Any], budget: int) -> str:
    for level in LEVELS:
        line = json_line(shortened(row, *level))
        if tokens_of(line) < budget:
            return line
    raise BadRequest("One row alone is larger than token_budget: ask with a larger one.")


EVENTS = Listing(
    "/v1/events",
    {
        "user_id": "user_id",
        "conversation_id": "convo_id",
        "event_name": "event_name",
        "tool": "tool",
        "tool_error": "tool_error",
        "loop": "loop",
        "signal": "signal",
        "model": "model",
        "release": "release",
        "environment": "environment",
        "since": "timestamp[gte]",
        "until": "timestamp[lt]",
        "order": "order_by",
        "limit": "limit",
    },
    (
        *("id", "timestamp", "event_name", "user_id", "convo_id", "user_input", "assistant_output"),
        *("error_count", "soft_error_count", "loop_count", "failed_tools", "signals", "trace_ids", "duration_ms"),
        *("cost_usd", "model", "release", "is_pending"),
    ),
    hint="get_event(event_id) tells one; get_trace(event_id) what the agent did.",
)
SEARCH = Listing(
    "/v1/events/search",
    {**EVENTS.parameters, "query": "query", "mode": "mode", "search_in": "search_in"},
    EVENTS.fields,
    hint=EVENTS.hint,
)
CONVERSATIONS = Listing(
    "/v1/conversations",
    {"user_id": "user_id", "since": "last_message_at[gte]", "until": "last_message_at[lt]", "limit": "limit"},
    ("id", "user_id", "started_at", "last_message_at", "message_count", "signals"),
    hint="get_conversation(conversation_id) tells one with its events.",
)
USERS = Listing(
    "/v1/users",
    {"user_id": "user_id[contains]", "since": "last_seen[gte]", "until": "last_seen[lt]", "limit": "limit"},
    ("id", "traits", "first_seen", "last_seen", "event_count"),
    hint="get_user(user_id) tells one with the newest events.",
)
SIGNALS = Listing(
    "/v1/signals",
    {"limit": "limit"},
    ("id", "name", "description", "sentiment", "group_id", "created_at"),
    hint="get_signal(signal) tells one with its newest events.",
)
TRACES = Listing(
    "/api/traces",
    {
        "text": "q",
        "steps": "steps",
        "errors": "errors",
        "loops": "loops",
        "tool": "tool",
        "issue": "issue",
        "conversation_id": "conversation",
        "release": "release",
        "range": "range",
        "since": "since",
        "until": "until",
        "limit": "limit",
    },
    (
        *("trace_id", "start", "live", "input_preview", "output_preview", "root_name", "user_id", "conversation_id"),
        *("span_count", "tool_call_count", "error_count", "soft_error_count", "unanswered_count", "loop_count"),
        *("cost_usd", "tools", "agents", "release", "interaction_ids"),
    ),
    rows="traces",
    cursor="after",
    hint="get_trace(trace_id) tells one, failures first.",
)
ISSUES = Listing(
    "/api/issues",
    {
        "kind": "kind",
        "status": "status",
        "tool": "tool",
        "release": "release",
        "user_id": "user",
        "text": "q",
        "range": "range",
        "since": "since",
        "until": "until",
        "order": "order",
        "limit": "limit",
    },
    (
        *("fingerprint", "kind", "tool", "title", "status", "events", "users", "traces", "recovered"),
        *("last_seen", "first_release", "assignee", "note"),
    ),
    rows="issues",
    cursor="after",
    hint="get_issue(fingerprint) tells one with examples; list_traces(issue=FINGERPRINT) lists where it happened.",
)
