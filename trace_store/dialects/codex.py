"""Codex CLI: the facts stand in span events and log records named `codex.*`; most of its spans are plumbing.

Source: developers.openai.com/codex/config-advanced (observability) and codex-rs/otel of github.com/openai/codex. Spans
without a fact stay unclaimed. A turn's span sums up the tokens of its responses.
"""

from trace_store.dialects.dialect import Dialect, Kind, Record

AGENT = Kind("agent", is_aggregate=True)
LLM = Kind("llm")
_ALWAYS = {"conversation.id": "conversation.id", "user.account_id": "user.id", "model": "codex.model"}

DIALECT = Dialect(
    name="codex",
    markers=frozenset({"codex.turn.reasoning_effort"}),
    marker_prefixes=("codex.",),
    own_fields={
        "request_model": ("codex.model", "model"),
        "conversation_id": ("conversation.id", "thread.id"),
        "interaction_id": ("turn.id",),
    },
    fields={
        "input_tokens": ("codex.turn.token_usage.input_tokens",),
        "output_tokens": ("codex.turn.token_usage.output_tokens",),
        "cached_tokens": ("codex.turn.token_usage.cached_input_tokens",),
        "reasoning_tokens": ("codex.usage.reasoning_output_tokens", "codex.turn.token_usage.reasoning_output_tokens"),
    },
    known_prefixes=("codex.", "code.", "thread.", "busy_ns", "idle_ns", "otel."),
    name_kinds={"codex.turn.token_usage.input_tokens": AGENT, "codex.turn.reasoning_effort": AGENT},
    records={
        "codex.user_prompt": Record(AGENT, {"prompt": "input.value", **_ALWAYS}),
        "codex.api_request": Record(LLM, {"error.message": "error.message", **_ALWAYS}, ("success", "false")),
        "codex.sse_event": Record(
            LLM,
            {
                "input_token_count": "gen_ai.usage.input_tokens",
                "output_token_count": "gen_ai.usage.output_tokens",
                "cached_token_count": "gen_ai.usage.cache_read.input_tokens",
                "reasoning_token_count": "gen_ai.usage.reasoning.output_tokens",
                "error.message": "error.message",
                **_ALWAYS,
            },
            ("event.kind", "response.completed"),
        ),
        "codex.tool_result": Record(
            Kind("tool"),
            {
                "tool_name": "gen_ai.tool.name",
                "call_id": "gen_ai.tool.call.id",
                "arguments": "gen_ai.tool.call.arguments",
                "output": "gen_ai.tool.call.result",
                "success": "gen_ai.tool.success",
                "error.message": "error.message",
                **_ALWAYS,
            },
        ),
    },
    span_names_name_tools=False,
    failure_flags={"gen_ai.tool.success": frozenset({"false"})},
)
