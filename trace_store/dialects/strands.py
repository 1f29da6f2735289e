"""Strands Agents: GenAI names; content in span events, with Bedrock's `toolUse` and `toolResult` blocks.

Source: strandsagents.com, observability, traces. Provider is the framework itself; spans of agents and cycles repeat
the tokens and messages of the model calls below them.
"""

from trace_store.dialects.dialect import Dialect

DIALECT = Dialect(
    name="strands",
    scopes=frozenset({"strands.telemetry.tracer"}),
    marker_prefixes=("strands.",),
    own_fields={"first_token_ms": ("gen_ai.server.time_to_first_token",)},  # Bedrock's timeToFirstByteMs
    fields={
        "conversation_id": ("gen_ai.conversation.id", "session.id"),
        "user_id": ("user.id",),
        "known": ("gen_ai.event.start_time", "gen_ai.event.end_time", "system_prompt"),
    },
    known_prefixes=("event_loop.", "strands."),
)
