"""MLflow tracing over OTLP: `mlflow.*`, every value a JSON document, so that texts carry quotes.

Source: mlflow.org/docs, tracing, OpenTelemetry export; mlflow/tracing/constant.py. User and session are metadata of
MLflow's own store, exported only by newer versions.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from trace_store.attributes import parse_json
from trace_store.dialects.dialect import Dialect, Field, Kind
from trace_store.model import Span

MLFLOW = "mlflow."
_REASONING = MLFLOW + "answer.reasoning_tokens"  # ours
# How the messages of a call are written tells whose client made it; other formats are those of frameworks.
_VENDOR_OF_FORMAT = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "bedrock": "aws.bedrock",
    "groq": "groq",
    "mistral": "mistral",
}
# Only the raw answer of the model tells it. Quotes inside JSON strings are escaped: it cannot match in somebody's text.
_IN_ANSWER = re.compile(r'"reasoning_tokens"\s*:\s*(\d{1,12})\b')
_MODEL_CALLS = frozenset({'"CHAT_MODEL"', '"LLM"', "CHAT_MODEL", "LLM"})
_NAME_CHARS_MAX = 80
CHAIN = Kind("chain", is_aggregate=True)
_FIELDS: Mapping[Field, tuple[str, ...]] = {
    "model": (MLFLOW + "llm.model",),
    "provider": (MLFLOW + "llm.provider",),
    "usage": (MLFLOW + "chat.tokenUsage",),
    "reasoning_tokens": (_REASONING,),
    "tool_definitions": (MLFLOW + "chat.tools",),
    "tool_name": (MLFLOW + "spanFunctionName",),
    "input": (MLFLOW + "spanInputs",),
    "output": (MLFLOW + "spanOutputs",),
    "user_id": (MLFLOW + "trace.user", MLFLOW + "user"),
    "conversation_id": (MLFLOW + "trace.session",),
}
_TEXTS = frozenset(key for keys in _FIELDS.values() for key in keys) | {MLFLOW + "message.format"}


def _rewritten(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Texts without the quotes of JSON; objects stay the JSON they are. Beside them what only other keys tell."""
    told: dict[str, Any] = {}
    for key in attributes:
        if key in _TEXTS and (value := attributes[key]).__class__ is str:
            if value[:1] == '"':
                text = _unquoted(value) if len(value) <= _NAME_CHARS_MAX else _parsed(value)
                if text is not None:
                    told[key] = text
            elif value == "null":
                told[key] = None
    vendor = _VENDOR_OF_FORMAT.get(told.get(MLFLOW + "message.format") or "")
    if vendor is not None and MLFLOW + "llm.provider" not in attributes:
        told[MLFLOW + "llm.provider"] = vendor
    answer = attributes.get(MLFLOW + "spanOutputs")
    kind = attributes.get(MLFLOW + "spanType")
    if isinstance(answer, str) and isinstance(kind, str) and kind in _MODEL_CALLS:
        found = _IN_ANSWER.search(answer) if "reasoning_tokens" in answer else None
        if found is not None:
            told[_REASONING] = int(found.group(1))
    return told


def _parsed(value: str) -> str | None:
    text = parse_json(value)
    return text if isinstance(text, str) else None


_unquoted = lru_cache(maxsize=1024)(_parsed)  # models and formats come again and again


DIALECT = Dialect(
    name="mlflow",
    markers=frozenset({"mlflow.spanType", "mlflow.traceRequestId"}),
    scopes=frozenset({"mlflow.tracing.provider"}),
    marker_prefixes=("mlflow.span", "mlflow.chat."),
    fields=_FIELDS,
    known_prefixes=(MLFLOW,),
    kinds={
        "mlflow.spanType": {
            "agent": Kind("agent", is_aggregate=True),
            "chat_model": Kind("llm"),
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "retriever": Kind("retriever"),
            "embedding": Kind("embedding"),
            "reranker": Kind("reranker"),
            "guardrail": Kind("guardrail"),
            "evaluator": Kind("guardrail"),
            **dict.fromkeys(("chain", "workflow", "task", "parser", "memory", "unknown"), CHAIN),
        }
    },
    rewrite=_rewritten,
)
