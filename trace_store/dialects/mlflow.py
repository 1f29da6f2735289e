"""MLflow tracing over OTLP: `mlflow.*`, every value a JSON document, so that texts carry quotes.

Source: mlflow.org/docs, tracing, OpenTelemetry export; mlflow/tracing/constant.py. User and session are metadata of
MLflow's own store, exported only by newer versions.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import parse_json
from trace_store.dialects.dialect import Dialect, Kind
from trace_store.dialects.usage import counts_in
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
CHAIN = Kind("chain", is_aggregate=True)


def _rewritten(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Texts without the quotes of JSON; objects stay the JSON they are. Beside them what only other keys tell."""
    told: dict[str, Any] = {}
    for key, value in attributes.items():
        if key.startswith(MLFLOW) and value.__class__ is str:
            if value[:1] == '"':
                text = parse_json(value)
                if isinstance(text, str):
                    told[key] = text
            elif value == "null":
                told[key] = None
    if MLFLOW + "llm.provider" not in attributes:
        told[MLFLOW + "llm.provider"] = _VENDOR_OF_FORMAT.get(told.get(MLFLOW + "message.format") or "")
    answer = attributes.get(MLFLOW + "spanOutputs")
    if isinstance(answer, str) and "reasoning_tokens" in answer:  # only the raw answer of the model has them
        told[_REASONING] = counts_in(answer).reasoning_tokens
    return told


DIALECT = Dialect(
    name="mlflow",
    markers=frozenset({"mlflow.spanType", "mlflow.traceRequestId"}),
    scopes=frozenset({"mlflow.tracing.provider"}),
    marker_prefixes=("mlflow.span", "mlflow.chat."),
    fields={
        "model": ("mlflow.llm.model",),
        "provider": ("mlflow.llm.provider",),
        "usage": ("mlflow.chat.tokenUsage",),
        "reasoning_tokens": (_REASONING,),
        "tool_definitions": ("mlflow.chat.tools",),
        "tool_name": ("mlflow.spanFunctionName",),
        "input": ("mlflow.spanInputs",),
        "output": ("mlflow.spanOutputs",),
        "user_id": ("mlflow.trace.user", "mlflow.user"),
        "conversation_id": ("mlflow.trace.session",),
    },
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
