"""Codex CLI: the facts stand in span events and log records named `codex.*`; most of its spans are plumbing.

Source: developers.openai.com/codex/config-advanced (observability) and codex-rs/otel of github.com/openai/codex;
captures of version 0.169. Spans without a fact stay unclaimed. A turn's span sums up the tokens of its responses. The
record of a response is of no trace, also where spans are sent. A command that fails is no failed tool to Codex: its
output tells.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind, Record
from trace_store.model import Span

AGENT = Kind("agent", is_aggregate=True)
LLM = Kind("llm")
TOOL = Kind("tool")
REFUSED = Kind("guardrail")  # somebody said no: the tool never ran, which is no failure of it
_ALWAYS = {"conversation.id": "conversation.id", "user.account_id": "user.id", "model": "codex.model"}
_FAILURE = {"error.message": "error.message", "http.response.status_code": "codex.status_code", **_ALWAYS}
_CALL = {
    "tool_name": "gen_ai.tool.name",
    "call_id": "gen_ai.tool.call.id",
    "arguments": "gen_ai.tool.call.arguments",
    "output": "gen_ai.tool.call.result",
    "error.message": "error.message",
    **_ALWAYS,
}
_REFUSALS = ("rejected by user", "exec command rejected by user", "patch rejected by user")  # what the model is told


def _rewrite(_: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rust's tracing calls the number of an operating system's thread as Codex calls its conversation."""
    return {} if isinstance(attributes.get("thread.id"), str | None) else {"thread.id": None}


DIALECT = Dialect(
    name="codex",
    markers=frozenset({"codex.turn.reasoning_effort"}),
    marker_prefixes=("codex.",),
    own_fields={
        "request_model": ("codex.model", "model"),
        "conversation_id": ("conversation.id", "thread.id"),
        "interaction_id": ("turn.id",),
        "provider": ("codex.provider",),
        "error_type": ("codex.status_code",),
    },
    fields={
        "input_tokens": ("codex.turn.token_usage.input_tokens",),
        "output_tokens": ("codex.turn.token_usage.output_tokens",),
        "cached_tokens": ("codex.turn.token_usage.cached_input_tokens",),
        "reasoning_tokens": ("codex.usage.reasoning_output_tokens", "codex.turn.token_usage.reasoning_output_tokens"),
    },
    known_prefixes=("codex.", "code.", "thread.", "busy_ns", "idle_ns", "otel."),
    name_kinds={"codex.turn.token_usage.input_tokens": AGENT, "codex.turn.reasoning_effort": AGENT},
    records={
        "codex.conversation_starts": (Record(AGENT, {"provider_name": "codex.provider", **_ALWAYS}, opens=True),),
        "codex.user_prompt": (Record(AGENT, {"prompt": "input.value", **_ALWAYS}),),
        "codex.api_request": (
            Record(LLM, _FAILURE, needs=frozenset({"error.message"}), says={"event.failed": "true"}, title="model"),
            Record(LLM, _FAILURE, ("success", "false"), says={"event.failed": "true"}, title="model"),
        ),
        "codex.websocket_request": (
            Record(LLM, _FAILURE, needs=frozenset({"error.message"}), says={"event.failed": "true"}, title="model"),
        ),
        "codex.sse_event": (
            Record(LLM, _FAILURE, needs=frozenset({"error.message"}), says={"event.failed": "true"}, title="model"),
            Record(
                LLM,
                {
                    "input_token_count": "gen_ai.usage.input_tokens",
                    "output_token_count": "gen_ai.usage.output_tokens",
                    "cached_token_count": "gen_ai.usage.cache_read.input_tokens",
                    "reasoning_token_count": "gen_ai.usage.reasoning.output_tokens",
                    "cache_write_token_count": "gen_ai.usage.cache_creation.input_tokens",
                    **_ALWAYS,
                },
                ("event.kind", "response.completed"),
                frozenset({"input_token_count"}),  # the raw event of that kind is told as well, without a count
                {"event.failed": "false"},
                title="model",
            ),
        ),
        "codex.tool_decision": (
            Record(REFUSED, {"tool_name": "gen_ai.tool.name", **_ALWAYS}, ("decision", "denied"), title="tool_name"),
            Record(REFUSED, {"tool_name": "gen_ai.tool.name", **_ALWAYS}, ("decision", "abort"), title="tool_name"),
        ),
        "codex.tool_result": (
            *(Record(REFUSED, _CALL, ("output", output), title="tool_name") for output in _REFUSALS),
            Record(TOOL, {**_CALL, "success": "gen_ai.tool.success"}, title="tool_name"),
        ),
    },
    run_keys=("conversation.id",),
    call_keys=("call_id",),
    span_names_name_tools=False,
    failure_flags={"gen_ai.tool.success": frozenset({"false"}), "event.failed": frozenset({"true"})},
    rewrite=_rewrite,
)
