"""Vercel AI SDK, versions 4 to 7: `ai.operationId`, `ai.*`; version 7 also writes GenAI names in the scope `gen_ai`.

Source: ai-sdk.dev/docs/ai-sdk-core/telemetry. Run spans (`ai.generateText`) repeat the tokens of the model calls below.
"""

from trace_store.dialects.dialect import Dialect, Kind

METADATA = "ai.telemetry.metadata."
CONTEXT = "ai.settings.context."
_PLACES = (METADATA, CONTEXT, "metadata.")
_CONVERSATION = (
    "sessionId",
    "session_id",
    "session.id",
    "conversationId",
    "conversation_id",
    "threadId",
    "thread_id",
    "chatId",
    "$ai_session_id",  # PostHog's
)


def _settings(*names: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in names for prefix in _PLACES)


RUN = Kind("agent", is_aggregate=True)
STEP = Kind("chain", is_aggregate=True)
LLM = Kind("llm")

DIALECT = Dialect(
    name="vercel_ai",
    markers=frozenset({"ai.operationId"}),
    scopes=frozenset({"ai", "gen_ai"}),
    marker_prefixes=("ai.telemetry.", "ai.toolCall.", "ai.prompt", "ai.response.", "ai.usage."),
    fields={
        "model": ("gen_ai.response.model", "ai.response.model"),
        "request_model": ("gen_ai.request.model", "ai.model.id"),
        "provider": ("gen_ai.provider.name", "gen_ai.system", "ai.model.provider"),
        "input_tokens": (
            "gen_ai.usage.input_tokens",
            "ai.usage.inputTokens",
            "ai.usage.promptTokens",
            "ai.usage.tokens",
        ),
        "output_tokens": ("gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens"),
        "cache_write_tokens": ("ai.usage.inputTokenDetails.cacheWriteTokens",),
        "cached_tokens": ("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
        "reasoning_tokens": ("ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"),
        "response_id": ("ai.response.id",),
        "finish_reason": ("gen_ai.response.finish_reasons", "ai.response.finishReason"),
        "first_token_ms": ("ai.response.msToFirstChunk",),
        "environment": _settings("environment", "env"),
        "tool_name": ("ai.toolCall.name",),
        "tool_call_id": ("ai.toolCall.id",),
        "arguments": ("ai.toolCall.args", "ai.toolCall.input"),
        "result": ("ai.toolCall.result", "ai.toolCall.output"),
        "input_messages": ("ai.prompt.messages", "ai.prompt"),
        "output_text": ("ai.response.text", "ai.response.object"),
        "output_calls": ("ai.response.toolCalls",),
        "agent_name": ("ai.telemetry.functionId", "gen_ai.function_id"),
        "interaction_id": (METADATA + "raindrop.eventId",),
        "event_name": (METADATA + "raindrop.eventName",),
        "user_id": (
            METADATA + "raindrop.ai.userId",
            METADATA + "raindrop.userId",
            *_settings("userId", "user_id", "user.id", "posthog_distinct_id", "posthog.distinct_id"),
        ),
        "conversation_id": (METADATA + "raindrop.convoId", *_settings(*_CONVERSATION)),
        "tool_definitions": ("ai.prompt.tools",),
        "known": ("operation.name", "resource.name"),
    },
    known_prefixes=("ai.",),
    kinds={
        "ai.operationId": {
            **{f"ai.{verb}": RUN for verb in ("generatetext", "streamtext", "generateobject", "streamobject", "agent")},
            **{
                f"ai.{verb}": LLM
                for verb in (
                    "generatetext.dogenerate",
                    "streamtext.dostream",
                    "generateobject.dogenerate",
                    "streamobject.dostream",
                )
            },
            "ai.toolcall": Kind("tool"),
            "ai.embed": STEP,
            "ai.embedmany": STEP,
            "ai.embed.doembed": Kind("embedding"),
            "ai.embedmany.doembed": Kind("embedding"),
            "ai.rerank": STEP,
            "ai.rerank.dorerank": Kind("reranker"),
        }
    },
    name_kinds={"ai.toolCall.name": Kind("tool")},
    failures_have_events=True,
)
