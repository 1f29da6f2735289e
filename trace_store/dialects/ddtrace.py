"""Datadog's ddtrace for Python with LLM Observability over OTLP: content in `_llmobs`, bytes that hold MessagePack.

Source: docs.datadoghq.com/llm_observability, github.com/DataDog/dd-trace-py, ddtrace/llmobs. Span names are resources
("tool"); the real name is in the blob and in `operation.name`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgpack

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

BLOB = "_llmobs"
OURS = "llmobs."  # what the blob says, as attributes
CHAIN = Kind("chain", is_aggregate=True)


def _unpacked(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    blob = _unpack(attributes.get(BLOB))
    if not blob:
        return {"llmobs.provider": client} if (client := _client(attributes)) else {}
    meta, tags, metrics = _object(blob, "meta"), _object(blob, "tags"), _object(blob, "metrics")
    error = _object(meta, "error")
    told = {
        "llmobs.kind": _object(meta, "span").get("kind", meta.get("span.kind")),
        "llmobs.name": blob.get("name"),
        "llmobs.input": _content(_object(meta, "input")),
        "llmobs.output": _content(_object(meta, "output")),
        "llmobs.model": meta.get("model_name"),
        "llmobs.provider": meta.get("model_provider") or _client(attributes),
        "llmobs.usage": metrics or None,
        "llmobs.first_token_s": metrics.get("time_to_first_token"),
        "llmobs.environment": tags.get("env"),
        "llmobs.tool_definitions": meta.get("tool_definitions"),
        "llmobs.session_id": blob.get("session_id") or tags.get("session_id"),
        "llmobs.user_id": tags.get("user_id") or tags.get("user.id") or tags.get("usr.id"),
        "llmobs.error_type": error.get("type"),
        "llmobs.error_message": error.get("message"),
    }
    return {key: value for key, value in told.items() if value is not None}


def _client(attributes: Mapping[str, Any]) -> Any:
    """The vendor whose client was traced, where no provider is told (`unknown`)."""
    component = attributes.get("component", attributes.get("_dd.integration"))
    return component if component in ("openai", "anthropic") else None


def _unpack(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, bytes):
        return {}
    try:
        unpacked = msgpack.unpackb(value, strict_map_key=False, unicode_errors="replace")
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException):
        return {}
    return unpacked if isinstance(unpacked, dict) else {}


def _object(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    held = source.get(key)
    return held if held.__class__ is dict else {}


def _content(held: Mapping[str, Any]) -> Any:
    """The messages, the value or the documents of an input or output."""
    messages = held.get("messages")
    if isinstance(messages, list):
        return [_message(item) for item in messages if isinstance(item, dict)]
    return held.get("value", held.get("documents"))


def _message(item: dict[str, Any]) -> dict[str, Any]:
    if "tool_calls" not in item and "tool_results" not in item:
        if len(item) == 2 and "role" in item and "content" in item:
            return item
        return {"role": item.get("role"), "content": item.get("content")}
    calls = [{**call, "id": call.get("tool_id")} for call in _objects(item.get("tool_calls"))]
    results = [
        {"type": "tool_result", "tool_use_id": result.get("tool_id"), "name": result.get("name"), **_result(result)}
        for result in _objects(item.get("tool_results"))
    ]
    return {"role": item.get("role"), "content": results or item.get("content"), "tool_calls": calls}


def _result(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": item.get("result")}


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else ()


DIALECT = Dialect(
    name="ddtrace",
    markers=frozenset({BLOB, "_dd.llmobs.artificial_gen_ai_tags"}),
    fields={
        "input": (OURS + "input",),
        "output": (OURS + "output",),
        "model": ("openai.response.model", OURS + "model", "_dd.llmobs.model_name"),
        "usage": (OURS + "usage",),
        "first_token_s": (OURS + "first_token_s",),
        "tool_definitions": (OURS + "tool_definitions",),
        "environment": (OURS + "environment",),
        "user_id": (OURS + "user_id",),
        "conversation_id": (OURS + "session_id",),
        "error_type": ("error.type", OURS + "error_type"),
        "error_message": ("error.message", OURS + "error_message"),
    },
    own_fields={
        "entity_name": (OURS + "name", "operation.name"),
        "provider": ("openai.request.provider", "anthropic.request.provider", OURS + "provider"),
    },
    known_prefixes=("_dd.", "llmobs", BLOB, "openai.", "error.stack", "gen_ai.application."),
    kinds={
        OURS + "kind": {
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "agent": Kind("agent", is_aggregate=True),
            "embedding": Kind("embedding"),
            "retrieval": Kind("retriever"),
            "workflow": CHAIN,
            "task": CHAIN,
        }
    },
    rewrite=_unpacked,
)
