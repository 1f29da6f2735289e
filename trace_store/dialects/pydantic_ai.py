"""Pydantic AI: GenAI names, with agent messages, tool arguments and tool responses under names of its own.

Source: ai.pydantic.dev/logfire; versions 1 to 5 of its instrumentation. Totals of a run are
`gen_ai.aggregated_usage.*`, in older versions the same keys as those of its model calls. A retry that a tool asks for
is an exception event of type ToolRetryError.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

AGENT = Kind("agent", is_aggregate=True)
_NAMES = {"agent run": "invoke_agent", "running tools": "chain", "preparing model request params": "chain"}


def _operation(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Old versions tell an agent's run and a round of tools by the span's name only."""
    if "gen_ai.operation.name" in attributes or "gen_ai.tool.name" in attributes:
        return {}
    found = _NAMES.get(span.name)
    if found is None and span.name.startswith("running ") and span.name.endswith((" tool", " tools")):
        found = "chain"
    return {} if found is None else {"gen_ai.operation.name": found}


DIALECT = Dialect(
    name="pydantic_ai",
    scopes=frozenset({"pydantic-ai"}),
    markers=frozenset({"pydantic_ai.all_messages"}),
    fields={"input_messages": ("gen_ai.input.messages", "pydantic_ai.all_messages", "all_messages_events")},
    own_fields={
        "output": ("final_result",),
        "arguments": ("gen_ai.tool.call.arguments", "tool_arguments"),
        "result": ("gen_ai.tool.call.result", "tool_response"),
        "request_model": ("gen_ai.request.model", "model_name"),
        "agent_name": ("gen_ai.agent.name", "agent_name"),
        "events": ("events",),
        "metadata": ("metadata",),
        "tool_definitions": ("gen_ai.tool.definitions", "model_request_parameters"),
        "known": ("tools",),
    },
    known_prefixes=("logfire.", "pydantic_ai."),
    name_kinds={"pydantic_ai.all_messages": AGENT, "all_messages_events": AGENT},
    rewrite=_operation,
)
