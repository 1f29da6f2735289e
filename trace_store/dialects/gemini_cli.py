"""Gemini CLI (scope `gemini-cli`): GenAI names with operations of its own, and log records `gemini_cli.*`.

Source: geminicli.com/docs/cli/telemetry. Input and output are whatever the step was given, as JSON: a request around
Google's `contents`, a tool call's request and response. A failed tool is told by its log record (`success: false`).
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect, Kind, Record
from trace_store.model import Span

CHAIN = Kind("chain", is_aggregate=True)
AGENT = Kind("agent", is_aggregate=True)
LLM = Kind("llm")
REFUSED = Kind("guardrail")  # somebody said no: the tool never ran, which is no failure of it
_ALWAYS = {"session.id": "session.id", "user.email": "user.id", "prompt_id": "gemini_cli.prompt_id"}
_TOOL_NAME = "function_name"


def rewrite(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool call's input is its request, its output the response around Google's parts."""
    if attributes.get("gen_ai.operation.name") != "tool_call":
        return {}
    told: dict[str, Any] = {}
    request = _held(attributes, ("gen_ai.input.messages", "input-json"), "request")
    if "args" in request:
        told["gen_ai.tool.call.arguments"] = request["args"]
        told["gen_ai.tool.call.id"] = request.get("callId")
        told["gen_ai.tool.name"] = request.get("name")
    response = _held(attributes, ("gen_ai.output.messages", "output-json"), "response")
    parts = response.get("responseParts")
    for part in parts if isinstance(parts, list) else ():
        held = part.get("functionResponse") if isinstance(part, Mapping) else None
        if isinstance(held, Mapping):
            told["gen_ai.tool.call.result"] = held.get("response")
    if isinstance(response.get("errorType"), str):
        told["error.type"] = response["errorType"]
    return {key: value for key, value in told.items() if attributes.get(key) is None}


def _held(attributes: Mapping[str, Any], keys: tuple[str, ...], name: str) -> Mapping[str, Any]:
    """The object in the first of these attributes, without the one that only holds it."""
    for key in keys:
        value = unwrap(attributes.get(key))
        if isinstance(value, Mapping):
            inner = value.get(name)
            return inner if isinstance(inner, Mapping) else value
    return {}


DIALECT = Dialect(
    name="gemini_cli",
    scopes=frozenset({"gemini-cli"}),
    markers=frozenset({"input-json", "output-json"}),
    fields={
        "input": ("input-json",),
        "output": ("output-json",),
        "tool_call_id": ("gen_ai.tool.call_id",),
        "conversation_id": ("gen_ai.conversation.id", "session.id"),
        "interaction_id": ("gemini_cli.prompt_id",),
    },
    known_prefixes=("gemini_cli.",),
    kinds={
        "gen_ai.operation.name": {
            "llm_call": LLM,
            "tool_call": Kind("tool"),
            "agent_call": AGENT,
            "user_prompt": AGENT,
            "system_prompt": CHAIN,
            "schedule_tool_calls": CHAIN,
        }
    },
    records={
        "gemini_cli.tool_call": (
            Record(REFUSED, {"function_name": "gen_ai.tool.name", **_ALWAYS}, ("decision", "reject"), title=_TOOL_NAME),
            Record(
                Kind("tool"),
                {
                    "function_name": "gen_ai.tool.name",
                    "function_args": "gen_ai.tool.call.arguments",
                    "success": "gen_ai.tool.success",
                    "error": "error.message",
                    "error.message": "error.message",
                    "error_type": "error.type",
                    "error.type": "error.type",
                    **_ALWAYS,
                },
                title=_TOOL_NAME,
            ),
        ),
        "gemini_cli.user_prompt": (Record(AGENT, {"prompt": "input.value", **_ALWAYS}, opens=True),),
        "gemini_cli.api_request": (
            Record(
                LLM,
                {"model": "gen_ai.request.model", "request_text": "gen_ai.request.messages", **_ALWAYS},
                stands_alone=False,  # its response or error is told as well
            ),
        ),
        "gemini_cli.api_response": (
            Record(
                LLM,
                {
                    "model": "gen_ai.response.model",
                    "input_token_count": "gen_ai.usage.input_tokens",
                    "output_token_count": "gen_ai.usage.output_tokens",
                    "cached_content_token_count": "gen_ai.usage.cache_read.input_tokens",
                    "thoughts_token_count": "gen_ai.usage.reasoning.output_tokens",
                    "response_text": "gen_ai.completion",
                    **_ALWAYS,
                },
                title="model",
            ),
        ),
        "gemini_cli.api_error": (
            Record(
                LLM,
                {
                    "model_name": "gen_ai.request.model",
                    "model": "gen_ai.request.model",
                    "error": "error.message",
                    "error.message": "error.message",
                    "status_code": "error.type",
                    "error_type": "error.type",
                    "error.type": "error.type",
                    **_ALWAYS,
                },
                says={"event.failed": "true"},
                title="model",
            ),
        ),
    },
    run_keys=("session.id", "prompt_id"),
    failure_flags={"gen_ai.tool.success": frozenset({"false"}), "event.failed": frozenset({"true"})},
    rewrite=rewrite,
)
