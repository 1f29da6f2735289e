"""Sentry's JavaScript SDK over OTLP: GenAI names; the kind of a hand-made span may stand in `sentry.op` alone.

Source: develop.sentry.dev/sdk/telemetry/traces/modules/ai-agents. It claims no span by itself, since HTTP and database
spans bear `sentry.*` keys too; `gen_ai.*` keys make a span GenAI's, and these tables add to it.
"""

from trace_store.dialects.dialect import Dialect, Kind

LLM = Kind("llm")

DIALECT = Dialect(
    name="sentry",
    fields={
        "environment": ("sentry.environment",),
        "input_messages": ("gen_ai.request.messages",),
        "output_text": ("gen_ai.response.text",),
        "output_calls": ("gen_ai.response.tool_calls",),
        "arguments": ("gen_ai.tool.input",),
        "result": ("gen_ai.tool.output",),
        "tool_definitions": ("gen_ai.request.available_tools",),
        "agent_name": ("gen_ai.pipeline.name",),
    },
    known_prefixes=("sentry.",),
    kinds={
        "sentry.op": {
            "gen_ai.execute_tool": Kind("tool"),
            "gen_ai.invoke_agent": Kind("agent", is_aggregate=True),
            "gen_ai.create_agent": Kind("chain", is_aggregate=True),
            "gen_ai.handoff": Kind("chain", is_aggregate=True),
            "gen_ai.embeddings": Kind("embedding"),
            **{
                f"gen_ai.{operation}": LLM
                for operation in ("chat", "responses", "generate_content", "generate_text", "stream_text", "messages")
            },
        }
    },
)
