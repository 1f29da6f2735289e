"""Spans that an application makes itself with plain names: `tool.name`, `tool.args`, `session.id`, `usr.id`.

There is no convention to cite; these are the names that hand-made spans around instrumented model calls bear, also
under dd-trace (`usr.id`) and for PostHog (posthog.com/docs/llm-analytics). It comes last: whatever another dialect
knows, that one claims.
"""

from trace_store.dialects.dialect import Dialect, Kind

DIALECT = Dialect(
    name="plain",
    markers=frozenset(
        {"tool.name", "usr.id", "user.id", "enduser.id", "session.id", "conversation.id", "_ml_obs.trace_session_id"}
    ),
    fields={
        "tool_name": ("tool.name",),
        "tool_call_id": ("tool.call_id", "tool.call.id", "tool_call_id"),
        "arguments": ("tool.args", "tool.arguments", "tool.input", "tool.call.arguments"),
        "result": ("tool.result", "tool.output", "tool.call.result"),
        "user_id": ("user.id", "usr.id", "enduser.id", "posthog.distinct_id"),
        "conversation_id": (
            *("session.id", "conversation.id", "conversation_id", "_ml_obs.trace_session_id", "$ai_session_id"),
        ),
        "model": ("openai.response.model",),
        "request_model": ("openai.request.model",),
        "response_id": ("openai.response.id",),
    },
    known_prefixes=("_dd.", "_ml_obs.", "openai.", "error.stack"),
    name_kinds={"tool.name": Kind("tool")},
)
