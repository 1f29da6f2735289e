"""OpenTelemetry's GenAI semantic conventions, old and new names, and every library that keeps to them.

Source: opentelemetry.io/docs/specs/semconv/gen-ai. Content stands in attributes (`gen_ai.input.messages`), in span
events (`gen_ai.user.message`) or in log records of the same names; `events.py` reads the latter two.
"""

from trace_store.dialects.dialect import Dialect, Kind

LLM = Kind("llm")
TOOL = Kind("tool")
AGENT = Kind("agent", is_aggregate=True)
CHAIN = Kind("chain", is_aggregate=True)

OPERATIONS = {
    "chat": LLM,
    "text_completion": LLM,
    "completion": LLM,
    "generate_content": LLM,
    "messages": LLM,
    "responses": LLM,
    "llm": LLM,
    "llm_call": LLM,
    "generate_text": LLM,
    "stream_text": LLM,
    "execute_tool": TOOL,
    "tool": TOOL,
    "tool_call": TOOL,
    "invoke_agent": AGENT,
    "agent": AGENT,
    "create_agent": CHAIN,
    "invoke_workflow": CHAIN,
    "workflow": CHAIN,
    "execute_task": CHAIN,
    "execute_event_loop_cycle": CHAIN,
    "agent_step": CHAIN,
    "handoff": CHAIN,
    "chain": CHAIN,
    "step": CHAIN,
    "embeddings": Kind("embedding"),
    "embedding": Kind("embedding"),
    "retrieval": Kind("retriever"),
    "retrieve": Kind("retriever"),
    "rerank": Kind("reranker"),
    "guardrail": Kind("guardrail"),
}

DIALECT = Dialect(
    name="otel_genai",
    markers=frozenset(
        {"gen_ai.operation.name", "gen_ai.system", "gen_ai.provider.name", "gen_ai.request.model", "mcp.method.name"}
    ),
    marker_prefixes=("gen_ai.",),
    fields={
        "model": ("gen_ai.response.model",),
        "request_model": ("gen_ai.request.model",),
        "provider": ("gen_ai.provider.name", "gen_ai.system"),
        "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        "cached_tokens": (
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cached_input_tokens",
            "gen_ai.usage.input_tokens.cached",
            "gen_ai.usage.details.cache_read_tokens",
            "gen_ai.usage.details.cached_tokens",
        ),
        "reasoning_tokens": (
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.output_tokens.reasoning",
            "gen_ai.usage.details.reasoning_tokens",
        ),
        "cache_write_tokens": (
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
        ),
        "total_tokens": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens"),
        "cost": (
            "gen_ai.usage.cost",
            "gen_ai.usage.total_cost",
            "gen_ai.usage.cost_usd",
            "gen_ai.cost.total_cost",
            "gen_ai.cost.total",
            "operation.cost",
        ),
        "response_id": ("gen_ai.response.id",),
        "finish_reason": ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"),
        "first_token_s": (
            "gen_ai.response.time_to_first_chunk",
            "gen_ai.response.time_to_first_token",
            "gen_ai.client.operation.time_to_first_chunk",
            "gen_ai.server.time_to_first_token",
        ),
        "environment": ("deployment.environment.name", "deployment.environment"),
        "tool_name": ("gen_ai.tool.name",),
        "tool_call_id": ("gen_ai.tool.call.id", "gen_ai.tool.call_id"),
        "arguments": (
            "gen_ai.tool.call.arguments",
            "gen_ai.tool.arguments",
            "gen_ai.tool.input",
            "gen_ai.tool.parameters",
        ),
        "result": ("gen_ai.tool.call.result", "gen_ai.tool.result", "gen_ai.tool.output", "gen_ai.tool.message"),
        "input_messages": ("gen_ai.input.messages", "gen_ai.request.messages", "gen_ai.prompt"),
        "output_messages": ("gen_ai.output.messages", "gen_ai.completion"),
        "output_text": ("gen_ai.response.text",),
        "output_calls": ("gen_ai.response.tool_calls",),
        "tool_definitions": ("gen_ai.tool.definitions", "gen_ai.request.tools"),
        "tool_description": ("gen_ai.tool.description",),
        "tool_schema": ("gen_ai.tool.json_schema",),
        "agent_name": ("gen_ai.agent.name",),
        "conversation_id": ("gen_ai.conversation.id",),
        "error_type": ("error.type", "error.code"),
        "error_message": ("error.message",),
        "user_id": ("user.id", "enduser.id", "gen_ai.user.id", "usr.id", "user_id", "enduser.pseudo.id"),
    },
    known_prefixes=(
        "mcp.",
        "gen_ai.tool.",
        "gen_ai.agent.",
        "gen_ai.request.",
        "gen_ai.response.",
        "gen_ai.usage.",
        "gen_ai.aggregated_usage.",
    ),
    kinds={"gen_ai.operation.name": OPERATIONS, "mcp.method.name": {"tools/call": TOOL}},
    name_kinds={"gen_ai.tool.name": TOOL, "gen_ai.usage.input_tokens": LLM, "gen_ai.request.model": LLM},
    failure_flags={
        "gen_ai.tool.status": frozenset({"error", "failed", "failure"}),
        "gen_ai.task.status": frozenset({"error", "failed", "failure"}),
        "gen_ai.response.finish_reasons": frozenset({"error", '["error"]'}),
    },
)
