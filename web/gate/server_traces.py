"""Traces for a check from a running server, over its query API."""

import urllib.parse
from collections.abc import Iterable
from typing import Any

from web.api_client import ApiClient
from web.ids import read_trace_id


def read_traces(client: ApiClient, trace_ids: Iterable[str], conversations: Iterable[str]) -> list[dict[str, Any]]:
    """The contracts of these traces and of all traces of these conversations, each once.

    Raises ServerRefuses for what is not stored, with what the server says.
    """
    wanted = [read_trace_id(trace_id).hex() for trace_id in trace_ids]
    for name in conversations:
        wanted += _of_conversation(client, name)
    return [client.get_json(f"/api/traces/{trace_id}") for trace_id in dict.fromkeys(wanted)]


def _of_conversation(client: ApiClient, name: str) -> list[str]:
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        part = client.get_json(f"/api/conversations/{urllib.parse.quote(name, safe='')}?limit=500&offset={offset}")
        found += [trace["trace_id"] for trace in part["traces"]]
        offset = part["next_offset"]
    return found
