"""Pipecat, voice agents: a trace per conversation, a span per turn, below it speech to text, model and text to speech.

Source: docs.pipecat.ai, server utilities, OpenTelemetry; github.com/pipecat-ai/pipecat, utils/tracing. Messages stand
in `input` and `output`, durations to the first byte in `metrics.ttfb`; tool calls of realtime services have spans.
"""

from trace_store.dialects.dialect import Dialect, Kind

STEP = Kind("chain", is_aggregate=True)
SPEECH = Kind("chain")

DIALECT = Dialect(
    name="pipecat",
    scopes=frozenset({"pipecat", "pipecat.turn"}),
    own_fields={
        "input": ("input", "transcript", "text"),
        "output": ("output", "text_output"),
        "tool_definitions": ("tools", "tools.definitions"),
        "tool_name": ("tool.function_name",),
        "tool_call_id": ("tool.call_id",),
        "arguments": ("tool.arguments",),
        "result": ("tool.result",),
        "first_token_s": ("metrics.ttfb",),
        "conversation_id": ("conversation.id",),
        "user_id": ("user_id",),
        "known": ("stream", "tool_count", "tool_choice", "voice_id", "language", "is_final", "vad_enabled"),
    },
    known_prefixes=("metrics.", "settings.", "param.", "extra.", "turn.", "conversation.", "service.operation"),
    kinds={
        "gen_ai.operation.name": {
            "stt": SPEECH,
            "tts": SPEECH,
            "llm_setup": STEP,
            "llm_request": STEP,
            "llm_tool_call": STEP,
            "llm_tool_result": Kind("tool"),
            "llm_response": Kind("llm"),
        }
    },
    name_kinds={"tool.function_name": Kind("tool"), "turn.number": STEP, "conversation.type": STEP},
    failure_flags={"tool.result_status": frozenset({"error", "failed", "failure"})},
)
