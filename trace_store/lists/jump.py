"""Finds what an id or a few letters name, each kind with a bounded query; over whatever connection the caller holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from trace_store.lists.list_text import like_pattern
from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch

SQL = load("jump")
TRACES_LOOKED_AT = 10_000  # for ids that no index holds: spans, and lower halves of traces
NAMES_LOOKED_AT = 2_000
EACH_MAX = 6


class Named(NamedTuple):
    """Something with a page of its own."""

    kind: str  # trace, span, event, conversation, user, issue, tool
    name: str  # its id, hex for traces; of a span its trace and its id with a slash
    about: str


@dataclass(frozen=True, slots=True)
class Jumps:
    """Looks in one project over one connection; the caller translates errors."""

    connection: psycopg.AsyncConnection[Any]
    project_id: int

    async def traces(self, trace_ids: Sequence[bytes]) -> list[Named]:
        """Those that are derived."""
        rows = await self._rows(SQL.known_traces, trace_ids=list(trace_ids))
        return [Named("trace", trace_id.hex(), about) for trace_id, about in rows]

    async def by_half(self, halves: Sequence[bytes]) -> list[Named]:
        """Traces that end in these bytes, and spans with these ids, of the newest 10,000 traces."""
        asked = {"halves": list(halves), "looked_at": TRACES_LOOKED_AT}
        traces = await self._rows(SQL.traces_by_half, **asked)
        spans = await self._rows(SQL.spans_by_id, **asked)
        return [
            *(Named("trace", trace_id.hex(), about) for trace_id, about in traces),
            *(Named("span", f"{trace_id.hex()}/{span_id.hex()}", name) for trace_id, span_id, name in spans),
        ]

    async def exactly(self, text: str) -> list[Named]:
        """Events, conversations, users and issues with this id; a conversation may be known from traces alone."""
        found = [Named(kind, name, about or "") for kind, name, about in await self._rows(SQL.exact_names, text=text)]
        is_named = any(each.kind == "conversation" for each in found)
        if not is_named and await self._rows(SQL.conversation_of_traces, text=text):
            found.append(Named("conversation", text, ""))
        return found

    async def trace_of_event(self, event_id: str) -> bytes | None:
        """A trace of the event, if there is one."""
        rows = await self._rows(SQL.trace_of_event, text=event_id)
        return rows[0][0] if rows else None

    async def like(self, text: str) -> list[Named]:
        """Tools, issues, users and conversations with this text in their name, a few of each."""
        asked = {"pattern": like_pattern(text), "looked_at": NAMES_LOOKED_AT}
        tools = await self._rows(SQL.tools_like, **asked)
        issues = await self._rows(SQL.issues_like, **asked)
        users = await self._rows(SQL.users_like, **asked)
        conversations = await self._rows(SQL.conversations_like, **asked)
        return [
            *(Named("tool", name, "") for (name,) in tools),
            *(Named("issue", fingerprint, f"{tool}: {title}") for fingerprint, _, title, tool in issues),
            *(Named("user", user_id, "") for (user_id,) in users),
            *(Named("conversation", name, user_id or "") for name, user_id in conversations),
        ]

    async def _rows(self, query: bytes, **asked: Any) -> list[Any]:
        return await plan_and_fetch(self.connection, query, {"project_id": self.project_id, "limit": EACH_MAX} | asked)
