"""Gemini CLI (scope `gemini-cli`): GenAI names with operations of its own, and log records `gemini_cli.*`.

Source: geminicli.com/docs/cli/telemetry; captures of version 0.61. A log record tells every model call,
of no trace where the answer was streamed; its span tells tokens, input and output only with `telemetry.traces`, and is
a step without. Each model call and each round of tools is a trace. Input and output are whatever the step was given, as
JSON: a request around Google's `contents`, a tool call's request and response. A failed tool is told by its log
record: `success: false`, or `isError` in `metadata` where a command ran and failed.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import canonical_json, unwrap
from trace_store.dialects.dialect import Dialect, Kind, Record
from trace_store.model import STATUS_ERROR, Span

CHAIN = Kind("chain", is_aggregate=True)
AGENT = Kind("agent", is_aggregate=True)
LLM = Kind("llm")
REFUSED = Kind("guardrail")  # somebody said no: the tool never ran, which is no failure of it
_ALWAYS = {"session.id": "session.id", "user.email": "user.id", "prompt_id": "gemini_cli.prompt_id"}
_TOOL_NAME = "function_name"
_METADATA = "gemini_cli.metadata"
_MODEL = "gen_ai.request.model"
_ANSWER = (
    "output-json",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.output.messages",
    "gen_ai.completion",
)
_SEPARATOR = "__"  # between the tool's name and the id of a call
_PARTS = ("gen_ai.completion", "gen_ai.request.messages", "gen_ai.input.messages", "gen_ai.output.messages")
_HOLDERS = frozenset({"candidates", "content", "parts"})
_RESPONSE_ID = "responseId"  # which spans do not tell: a record and its span are one by their tokens
_CALLS = frozenset({"functionCall", "functionResponse"})


def rewrite(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool call's input is its request, its output the response around Google's parts; call ids are the API's."""
    operation = attributes.get("gen_ai.operation.name")
    told = {**_failed_command(attributes), **_parts(attributes)}
    if operation == "llm_call":
        tells = any(attributes.get(key) is not None for key in _ANSWER) or span.status_code == STATUS_ERROR
        told[_MODEL] = span.attributes.get(_MODEL) if tells else None  # no call: the record of its answer tells it
    elif operation == "tool_call":
        told |= {key: value for key, value in _tool_call(attributes).items() if attributes.get(key) is None}
        if (call_id := attributes.get("gen_ai.tool.call_id")) is not None:
            told["gen_ai.tool.call_id"] = _own_id(attributes.get("gen_ai.tool.name"), call_id)
    return told


def _tool_call(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    told: dict[str, Any] = {}
    request = _held(attributes, ("gen_ai.input.messages", "input-json"), "request")
    if "args" in request:
        told["gen_ai.tool.call.arguments"] = request["args"]
        told["gen_ai.tool.call.id"] = _own_id(request.get("name"), request.get("callId"))
        told["gen_ai.tool.name"] = request.get("name")
    response = _held(attributes, ("gen_ai.output.messages", "output-json"), "response")
    parts = response.get("responseParts")
    for part in parts if isinstance(parts, list) else ():
        held = part.get("functionResponse") if isinstance(part, Mapping) else None
        if isinstance(held, Mapping):
            told["gen_ai.tool.call.result"] = held.get("response")
    if isinstance(response.get("errorType"), str):
        told["error.type"] = response["errorType"]
    return told


def _parts(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Contents with the call ids that the API gave, where those of the program stand."""
    return {
        key: canonical_json(_with_own_ids(parts)).decode()
        for key in _PARTS
        if isinstance(text := attributes.get(key), str)
        and (_SEPARATOR in text or _RESPONSE_ID in text)
        and (parts := unwrap(text)) != text
    }


def _failed_command(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the metadata of a tool's record say of a command that ran and failed."""
    held = unwrap(attributes.get(_METADATA))
    if not isinstance(held, Mapping) or held.get("isError") is not True:
        return {}
    code = held.get("exitCode")
    return {"gemini_cli.is_error": "true"} | ({} if code is None else {"error.message": f"exit code {code}"})


def _with_own_ids(value: Any) -> Any:
    """Google's contents with the call ids that the API gave, and responses without their own id."""
    if isinstance(value, list):
        return [_with_own_ids(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: held for key, held in value.items() if key != _RESPONSE_ID}
    for key, held in value.items():
        if key in _CALLS and isinstance(held, Mapping):
            found[key] = {**held, "id": _own_id(held.get("name"), held.get("id"))}
        elif key in _HOLDERS:
            found[key] = _with_own_ids(held)
    return found


def _own_id(name: Any, call_id: Any) -> Any:
    """The id without the tool's name, which the program puts before it."""
    if isinstance(name, str) and isinstance(call_id, str):
        return call_id.removeprefix(f"{name}{_SEPARATOR}")
    return call_id


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
                    "metadata": _METADATA,
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
                    "total_token_count": "gen_ai.usage.total_tokens",
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
    failure_flags={
        "gen_ai.tool.success": frozenset({"false"}),
        "gemini_cli.is_error": frozenset({"true"}),
        "event.failed": frozenset({"true"}),
    },
    rewrite=rewrite,
)
