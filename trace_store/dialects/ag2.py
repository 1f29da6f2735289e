"""AG2 (formerly AutoGen 0.2): `ag2.span.type` beside GenAI names.

Source: docs.ag2.ai, user guide, OpenTelemetry; github.com/ag2ai/ag2, autogen/opentelemetry, from version 1 on
ag2/middleware/builtin/telemetry.py. Conversations repeat the messages and tokens of the agents' turns below them.
Version 1 writes a span of each usage that it accounts for: that of a model call repeats the span of the call, that of a
compaction or an aggregation is the only trace of a model call, that of a subtask sums up a worker without spans.
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
    own_fields={"reasoning_tokens": ("gen_ai.usage.thinking_tokens",)},
    known_prefixes=("ag2.", "gen_ai.conversation."),
    kinds={
        "ag2.usage.kind": {
            "model_call": Kind("other"),
            "compaction": Kind("llm"),
            "aggregation": Kind("llm"),
            "subtask": STEP,
        },
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
            "usage": Kind("other"),
        },
    },
)
