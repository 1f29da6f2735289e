"""AgentOps: `agentops.span.kind` on spans of decorated functions; model calls with flattened GenAI messages.

Source: github.com/AgentOps-AI/agentops, agentops/semconv. A session is the root of a trace. Inputs and outputs of
decorated functions stand in `agentops.<kind>.input` as `{"args", "kwargs"}`. Below a model call stands a span for each
tool call that the model asked for (`tool.call.type`): nothing has run there.
"""

from trace_store.dialects.dialect import Dialect, Kind

STEP = Kind("chain", is_aggregate=True)
AGENT = Kind("agent", is_aggregate=True)
TOOL = Kind("tool")
_KINDS = ("tool", "agent", "task", "operation", "workflow", "session", "team", "chain", "guardrail")

DIALECT = Dialect(
    name="agentops",
    markers=frozenset({"agentops.span.kind", "tool.call.type"}),
    scopes=frozenset({"agentops"}),
    own_fields={
        "entity_name": ("agentops.entity.name", "operation.name"),
        "tool_name": ("tool.name",),
        "arguments": ("tool.parameters", "tool.arguments"),
        "result": ("tool.result",),
        "agent_name": ("agent.name",),
        "input": ("agentops.entity.input", *(f"agentops.{kind}.input" for kind in _KINDS), "agent.input"),
        "output": ("agentops.entity.output", *(f"agentops.{kind}.output" for kind in _KINDS), "agent.output"),
        "first_token_s": ("gen_ai.streaming.time_to_first_token",),
        "user_id": ("gen_ai.user",),
    },
    known_prefixes=("agentops.", "operation.", "gen_ai.streaming.", "tool.call."),
    kinds={
        "agentops.span.kind": {
            "session": STEP,
            "workflow": STEP,
            "task": STEP,
            "operation": STEP,
            "chain": STEP,
            "text": STEP,
            "team": AGENT,
            "agent": AGENT,
            "tool": TOOL,
            "llm": Kind("llm"),
            "guardrail": Kind("guardrail"),
        },
        "tool.call.type": {"function": Kind("other")},
    },
    failure_flags={"tool.status": frozenset({"failed", "error"})},
)
