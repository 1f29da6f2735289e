"""LiveKit Agents: `lk.*`; what persons said stands under `lk.pii.*` since 1.4, without `pii` before.

Source: the attribute names in github.com/livekit/agents, livekit/agents/telemetry/trace_types.py. `llm_node` holds the
messages, the `llm_request` below it the tokens: one call. Spans of speech are no model calls, though they name a model.
"""

from trace_store.dialects.dialect import Dialect, Kind

OTHER = Kind("other")


def _content(*names: str) -> tuple[str, ...]:
    return tuple(f"lk.{place}{name}" for name in names for place in ("pii.", ""))


DIALECT = Dialect(
    name="livekit",
    scopes=frozenset({"livekit-agents"}),
    marker_prefixes=("lk.",),
    fields={
        "tool_name": ("lk.function_tool.name",),
        "tool_call_id": ("lk.function_tool.id",),
        "arguments": _content("function_tool.arguments"),
        "result": _content("function_tool.output"),
        "input": _content("user_input", "user_transcript"),
        "input_messages": _content("chat_ctx"),
        "output_text": _content("response.text"),
        "output_calls": _content("response.function_calls"),
        "first_token_s": ("lk.response.ttft",),
        "agent_name": ("lk.agent_name", "lk.agent_label"),
        "conversation_id": ("lk.room_sid", *_content("room_name"), "lk.job_id"),
        "user_id": _content("participant_identity"),
    },
    known_prefixes=("lk.",),
    name_kinds={
        "lk.function_tool.name": Kind("tool"),
        **dict.fromkeys(_content("chat_ctx", "response.function_calls"), Kind("llm")),
        **dict.fromkeys(_content("input_text"), OTHER),
        "lk.tts.label": OTHER,
        "lk.tts.streaming": OTHER,
        "lk.tts_metrics": OTHER,
        **dict.fromkeys(_content("user_transcript"), OTHER),
        **dict.fromkeys(_content("user_input"), Kind("agent", is_aggregate=True)),
        "lk.generation_id": Kind("agent", is_aggregate=True),
    },
    failure_flags={"lk.function_tool.is_error": frozenset({"true"})},
)
