"""AutoGen: GenAI spans for agents and tools, messaging spans for its runtime; content only in the latter's `message`.

Source: microsoft.github.io/autogen, telemetry. One run is spread over many traces. They have in common the source of
their topics, which is also the key of their agents.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect
from trace_store.model import Span

RUNTIME = "autogen SingleThreadedAgentRuntime"
# A source that a program names itself ("default") may be that of every run.
_RUN_ID = re.compile(r"[/(]([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")
_RUN_KEYS = ("messaging.destination", "gen_ai.agent.id", "message_context")


def _plainer(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    told: dict[str, Any] = {}
    if span.scope_name == RUNTIME and "gen_ai.operation.name" not in attributes:
        told["gen_ai.operation.name"] = "chain"
    if "gen_ai.conversation.id" not in attributes:
        for key in _RUN_KEYS:
            value = attributes.get(key)
            match = _RUN_ID.search(value) if isinstance(value, str) else None
            if match:
                told["gen_ai.conversation.id"] = match.group(1)
                break
    if attributes.get("messaging.operation") == "process":
        told.update(_content(unwrap(attributes.get("message"))))
    return told


def _content(message: Any) -> dict[str, Any]:
    """The chat messages in a runtime message. What an agent answers to its team repeats all it did before: only its
    answer counts."""
    if not isinstance(message, dict):
        return {}
    response = message.get("response")
    listed = message.get("messages")
    if isinstance(response, dict):
        listed = [response.get("chat_message")]
    elif not isinstance(listed, list):
        listed = [message.get("message")]
    inputs: list[Any] = []
    outputs: list[Any] = []
    for item in listed:
        if isinstance(item, dict):
            for converted in _converted(item):
                (outputs if converted["role"] == "assistant" else inputs).append(converted)
    return {
        **({"gen_ai.input.messages": inputs} if inputs else {}),
        **({"gen_ai.output.messages": outputs} if outputs else {}),
    }


def _converted(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One AgentChat message or event in OpenAI's form; one result of a tool, one message."""
    type_, content = item.get("type"), item.get("content")
    if type_ == "ToolCallRequestEvent":
        yield {"role": "assistant", "tool_calls": content}
    elif type_ == "ToolCallExecutionEvent":
        for result in content if isinstance(content, list) else ():
            if isinstance(result, dict):
                yield {**result, "role": "tool", "tool_call_id": result.get("call_id")}
    elif isinstance(content, str | list) and type_ != "ThoughtEvent":
        yield {"role": "user" if item.get("source") == "user" else "assistant", "content": content}


DIALECT = Dialect(
    name="autogen",
    scopes=frozenset({"autogen-core", RUNTIME}),
    own_fields={
        "known": (
            "message",
            "message_context",
            "sender_agent_type",
            "sender_agent_class",
            "recipient_agent_type",
            "recipient_agent_class",
        ),
    },
    rewrite=_plainer,
    steps_tell_calls=True,
)
