"""Datadog's ddtrace for Python with LLM Observability over OTLP: content in `_llmobs`, bytes that hold MessagePack.

Source: docs.datadoghq.com/llm_observability, github.com/DataDog/dd-trace-py, ddtrace/llmobs. Span names are resources
("tool"); the real name is in the blob and in `operation.name`. A blob that is no MessagePack (text that is not UTF-8
included) tells nothing; the attributes beside it still do.
"""

from collections.abc import Mapping
from typing import Any

import ormsgpack

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

BLOB = "_llmobs"
OURS = "llmobs."  # what the blob says, as attributes
CHAIN = Kind("chain", is_aggregate=True)
# Names in the blob and the attributes that stand for them. What stands first is believed.
_OF_BLOB = (("name", "llmobs.name"), ("session_id", "llmobs.session_id"))
_OF_META = (
    ("span.kind", "llmobs.kind"),  # before version 3
    ("model_name", "llmobs.model"),
    ("model_provider", "llmobs.provider"),
    ("tool_definitions", "llmobs.tool_definitions"),
)
_REPEATED = {  # metrics of the blob and the attributes in which the tracer repeats them
    name: "gen_ai.usage." + name
    for name in (
        *("input_tokens", "output_tokens", "total_tokens"),
        *("cache_read_input_tokens", "cache_write_input_tokens", "reasoning_output_tokens"),
    )
}
_SIDES = (("input", "llmobs.input"), ("output", "llmobs.output"))
_OBJECTS_OF_META = (
    ("span", (("kind", "llmobs.kind"),)),
    ("error", (("type", "llmobs.error_type"), ("message", "llmobs.error_message"))),
)
_OF_TAGS = (
    ("session_id", "llmobs.session_id"),
    ("user_id", "llmobs.user_id"),
    ("user.id", "llmobs.user_id"),
    ("usr.id", "llmobs.user_id"),
    ("env", "llmobs.environment"),
)


def _unpacked(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    blob = _unpack(attributes.get(BLOB))
    if not blob:
        return {"llmobs.provider": client} if (client := _client(attributes)) else {}
    told: dict[str, Any] = {}
    for key, canonical in _OF_BLOB:
        if (value := blob.get(key)) is not None:
            told[canonical] = value
    meta = blob.get("meta")
    if meta.__class__ is dict:
        _add_meta(told, meta)
    if "llmobs.provider" not in told and (client := _client(attributes)):
        told["llmobs.provider"] = client
    tags = blob.get("tags")
    if tags.__class__ is dict:
        for key, canonical in _OF_TAGS:
            if key in tags and not told.get(canonical):
                told[canonical] = tags[key]
    metrics = blob.get("metrics")
    if metrics.__class__ is dict and metrics:
        _add_metrics(told, metrics, attributes)
    return told


def _add_metrics(told: dict[str, Any], metrics: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    """The blob's metrics, as far as attributes do not repeat them."""
    for name in metrics:
        if _REPEATED.get(name) not in attributes:
            told["llmobs.usage"] = metrics
            break
    if "time_to_first_token" in metrics:
        told["llmobs.first_token_s"] = metrics["time_to_first_token"]


def _add_meta(told: dict[str, Any], meta: Mapping[str, Any]) -> None:
    """What the blob says about the step itself."""
    for key, canonical in _OF_META:
        if value := meta.get(key):
            told[canonical] = value
    for side, canonical in _SIDES:
        held = meta.get(side)
        if held.__class__ is dict and (content := _content(held)) is not None:
            told[canonical] = content
    for key, names in _OBJECTS_OF_META:
        held = meta.get(key)
        if held.__class__ is dict:
            for name, canonical in names:
                if name in held:
                    told[canonical] = held[name]


def _client(attributes: Mapping[str, Any]) -> Any:
    """The vendor whose client was traced, where no provider is told (`unknown`)."""
    component = attributes.get("component", attributes.get("_dd.integration"))
    return component if component in ("openai", "anthropic") else None


def _unpack(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, bytes):
        return {}
    try:
        unpacked = ormsgpack.unpackb(value, option=ormsgpack.OPT_NON_STR_KEYS)
    except ValueError:
        return {}
    return unpacked if isinstance(unpacked, dict) else {}


def _content(held: Mapping[str, Any]) -> Any:
    """The messages, the value or the documents of an input or output."""
    messages = held.get("messages")
    if isinstance(messages, list):
        return [_with_results(item) if "tool_results" in item else item for item in messages if isinstance(item, dict)]
    return held.get("value", held.get("documents"))


def _with_results(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message that gives results as one with a part for each."""
    told = item["tool_results"]
    if not isinstance(told, list) or not told:
        return item
    return {**item, "content": [{"type": "tool_result", **result} for result in told if isinstance(result, dict)]}


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
