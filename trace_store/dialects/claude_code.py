"""Claude Code and the Claude Agent SDK: spans told by `span.type`, events as span events or log records.

Source: code.claude.com/docs/en/monitoring-usage (traces are beta). Content is there only when switched on; a prompt
left out reads `<REDACTED>`. Cached input comes beside `input_tokens`, not inside. A failed tool is marked on its
`tool.execution` span, which is part of the `tool` span above it. Log records call every tool of an MCP server
`mcp_tool`, with the server and the tool in `tool_parameters`; spans call it `mcp__server__tool`, as the model does.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect, Kind, Record
from trace_store.model import Span

AGENT = Kind("agent", is_aggregate=True)
LLM = Kind("llm")
TOOL = Kind("tool")
ANSWER = Kind("chain", is_aggregate=True)  # of a call that it does not name, so that it cannot be joined with it
REFUSED = Kind("guardrail")  # somebody said no: the tool never ran, which is no failure of it
_ALWAYS = {"session.id": "session.id", "user.id": "user.id", "prompt.id": "prompt.id"}
_ANSWER = {"response": "response.model_output", "model": "model", "request_id": "request_id", **_ALWAYS}
_NAME = "claude_code"


def _named(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The agent's name, and that of a tool which a record only calls `mcp_tool`."""
    if attributes.get("span.type") == "interaction":
        return {"agent.name": attributes.get("agent.name") or _NAME}
    if attributes.get("tool_name") != "mcp_tool":
        return {}
    told = unwrap(attributes.get("tool_parameters"))
    if not isinstance(told, dict) or not told.get("mcp_tool_name"):
        return {}
    parts = ("mcp", told.get("mcp_server_name"), told["mcp_tool_name"])
    return {"tool_name": "__".join(str(part) for part in parts if part)}


DIALECT = Dialect(
    name=_NAME,
    scopes=frozenset({"com.anthropic.claude_code.tracing"}),
    marker_prefixes=("claude_code.", "llm_request.", "interaction."),
    own_fields={
        "request_model": ("model",),
        "input_tokens": ("input_tokens",),
        "output_tokens": ("output_tokens",),
        "cached_tokens": ("cache_read_tokens",),
        "cache_write_tokens": ("cache_creation_tokens",),
        "cost": ("cost_usd",),
        "response_id": ("gen_ai.response.id", "request_id"),
        "tool_name": ("tool_name",),
        "tool_call_id": ("tool_use_id",),
        "arguments": ("tool_input", "tool_parameters", "full_command", "file_path"),
        "result": ("tool_output",),
        "input": ("user_prompt", "new_context"),
        "output": ("response.model_output",),
        "error_message": ("error",),
        "error_type": ("error_class",),
        "agent_name": ("subagent_type", "agent.name"),
        "interaction_id": ("prompt.id",),
        "finish_reason": ("stop_reason",),
        "first_token_ms": ("ttft_ms",),
        "known": ("speed", "success", "duration_ms", "attempt", "decision", "source", "queued_sends"),
    },
    known_prefixes=(
        *("interaction.", "llm_request.", "user_prompt_", "tool_name_", "query_source", "terminal."),
        *("anthropic.", "first_content_", "parent."),
    ),
    kinds={
        "span.type": {
            "interaction": AGENT,
            "llm_request": LLM,
            "tool": TOOL,
            "tool.execution": TOOL,
            "tool.blocked_on_user": Kind("other"),
            "hook": Kind("other"),
        }
    },
    records={
        "claude_code.user_prompt": (
            Record(AGENT, {"prompt_text": "user_prompt", "prompt": "user_prompt", **_ALWAYS}, opens=True),
        ),
        "claude_code.assistant_response": (
            Record(LLM, _ANSWER, needs=frozenset({"request_id"})),
            Record(ANSWER, _ANSWER),
        ),
        "claude_code.api_request": (
            Record(
                LLM,
                {
                    key: key
                    for key in (
                        *("model", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"),
                        *("request_id", "cost_usd"),
                        *("query_source", "agent.name"),
                        *_ALWAYS,
                    )
                },
                title="model",
            ),
        ),
        "claude_code.api_error": (
            Record(
                LLM,
                {
                    "model": "model",
                    "error": "error",
                    "status_code": "error_class",
                    "request_id": "request_id",
                    **_ALWAYS,
                },
                says={"event.failed": "true"},
                title="model",
            ),
        ),
        "claude_code.tool_result": (
            Record(
                TOOL,
                {
                    **{key: key for key in ("tool_name", "tool_use_id", "tool_parameters", "tool_input", "error")},
                    "success": "gen_ai.tool.success",
                    "error_type": "error_class",
                    **_ALWAYS,
                },
                title="tool_name",
            ),
        ),
        "claude_code.tool_decision": (
            Record(REFUSED, {"tool_name": "tool_name", **_ALWAYS}, ("decision", "reject"), title="tool_name"),
        ),
        "tool.output": (
            Record(
                TOOL,
                {"output": "tool_output", "content": "tool_output", "bash_command": "tool_input"},
                stands_alone=False,
            ),
        ),
    },
    run_keys=("session.id", "prompt.id"),
    call_keys=("tool_use_id", "request_id"),
    span_names_name_tools=False,
    input_excludes_cache=True,
    rewrite=_named,
    failure_flags={"gen_ai.tool.success": frozenset({"false"}), "event.failed": frozenset({"true"})},
)
