"""AG2 (formerly AutoGen 0.2): `ag2.span.type` beside GenAI names.

Source: docs.ag2.ai, user guide, OpenTelemetry; github.com/ag2ai/ag2, autogen/opentelemetry. Conversations repeat the
messages and tokens of the agents' turns below them.
"""

from trace_store.dialects.dialect import Dialect, Kind

STEP = Kind("chain", is_aggregate=True)

DIALECT = Dialect(
    name="ag2",
    markers=frozenset({"ag2.span.type"}),
    marker_prefixes=("ag2.",),
    fields={
        "arguments": ("gen_ai.tool.call.arguments",),
        "output": ("ag2.code_execution.output", "ag2.human_input.response"),
        "input": ("ag2.human_input.prompt",),
    },
    known_prefixes=("ag2.", "gen_ai.conversation."),
    kinds={
        "ag2.span.type": {
            "agent": Kind("agent", is_aggregate=True),
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "conversation": STEP,
            "multi_conversation": STEP,
            "code_execution": STEP,
            "human_input": STEP,
            "speaker_selection": STEP,
            "handoff": STEP,
        }
    },
)
