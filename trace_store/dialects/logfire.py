"""Pydantic Logfire's own instrumentations of the OpenAI Agents SDK, of OpenAI and of Anthropic.

Source: github.com/pydantic/logfire, logfire/_internal/integrations. Span names and `logfire.msg_template` are
templates; facts stand in attributes without any prefix, those of later versions in GenAI names. Values that contain a
word such as "session" are scrubbed.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect
from trace_store.model import Span

_OPERATIONS = {  # beginning of the template -> GenAI's word for it
    "Function: ": "execute_tool",
    "Agent run: ": "invoke_agent",
    "Responses API with ": "chat",
    "Chat completion with ": "chat",
    "Chat Completion with ": "chat",
    "Message with ": "chat",
    "Embedding Creation with ": "embeddings",
    "Guardrail ": "guardrail",
    "Handoff: ": "handoff",
    "OpenAI Agents trace: ": "invoke_workflow",
    "Task: ": "execute_task",
    "Turn ": "agent_step",
    "Custom span: ": "chain",
    "MCP: ": "chain",
}


def _operation(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    template = attributes.get("logfire.msg_template")
    if "gen_ai.operation.name" in attributes or not isinstance(template, str):
        return {}
    found = next((word for beginning, word in _OPERATIONS.items() if template.startswith(beginning)), None)
    return {} if found is None else {"gen_ai.operation.name": found}


DIALECT = Dialect(
    name="logfire",
    scopes=frozenset({"logfire.openai_agents", "logfire.openai", "logfire.anthropic"}),
    own_fields={
        "entity_name": ("name",),
        "input": ("input",),
        "output": ("output",),
        "input_messages": ("gen_ai.input.messages", "raw_input", "request_data"),
        "output_messages": ("gen_ai.output.messages", "response", "response_data"),
        "events": ("events",),
        "usage": ("gen_ai.usage.raw", "usage"),
        "error_message": ("error",),
        "agent_name": ("agent_name",),
        "conversation_id": ("conversation_id", "group_id"),
        "metadata": ("metadata",),
        "known": (
            "agent_trace_id",
            "async",
            "handoffs",
            "mcp_data",
            "model_settings",
            "output_type",
            "response_id",
            "sdk_span_type",
            "tools",
            "tracing",
            "turn",
            "type",
        ),
    },
    known_prefixes=("logfire.", "code."),
    rewrite=_operation,
)
