"""LiteLLM's SDK and proxy: one trace per model call, `litellm_request` with GenAI names around `raw_gen_ai_request`.

Source: docs.litellm.ai, OpenTelemetry integration, litellm/integrations/opentelemetry.py. Requested tool calls may
stand only in `gen_ai.completion.N.function_call.*`, where N counts the calls; they have no ids there.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

METADATA = "metadata."


def _raw_request(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The span of the provider's payload repeats the call around it."""
    return {"gen_ai.operation.name": "chain"} if span.name == "raw_gen_ai_request" else {}


DIALECT = Dialect(
    name="litellm",
    scopes=frozenset({"litellm"}),
    fields={
        "user_id": (
            "llm.user",
            METADATA + "user_api_key_end_user_id",
            METADATA + "user_api_key_user_id",
        ),
        "conversation_id": (METADATA + "session_id", METADATA + "litellm_session_id", METADATA + "trace_session_id"),
        "provider": ("gen_ai.provider.name", "gen_ai.system", "error.llm_provider"),
        "known": ("hidden_params", "llm.is_streaming", "error.stack_trace"),
    },
    known_prefixes=(
        METADATA + "user_api_key",
        METADATA + "requester_",
        METADATA + "spend_logs_",
        "gen_ai.cost.",
        "llm.openai.",
        "llm.anthropic.",
        "llm.azure.",
        "llm.bedrock.",
    ),
    kinds={
        "llm.request.type": {
            **dict.fromkeys(
                ("acompletion", "atext_completion", "text_completion", "responses", "aresponses", "anthropic_messages"),
                Kind("llm"),
            ),
            "aembedding": Kind("embedding"),
            "arerank": Kind("reranker"),
        }
    },
    rewrite=_raw_request,
)
