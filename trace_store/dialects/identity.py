"""Whom and what a span belongs to: user, conversation, interaction, deployment environment, graph node."""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.reading import Reading, as_text
from trace_store.model import Span

_USER = ("user_id", "userId", "user", "user.id")
_CONVERSATION = (
    "session_id",
    "sessionId",
    "conversation_id",
    "conversationId",
    "thread_id",
    "threadId",
    "session",
    "chat_id",
    "chatId",
)
_NODE = "langgraph_node"
_ENVIRONMENT = ("deployment.environment.name", "deployment.environment", "sentry.environment", "env")  # of a resource


def identity(span: Span, reading: Reading) -> dict[str, Any]:
    """The ids a span carries, in attributes of their own or inside a `metadata` object."""
    node, environment = reading.text("node"), reading.text("environment")
    user_id, conversation_id = reading.text("user_id"), reading.text("conversation_id")
    metadata = reading.value("metadata")
    if metadata is not None:
        has_node = node is None and _NODE in metadata if isinstance(metadata, str | dict) else False
        if user_id is None or conversation_id is None or has_node:
            metadata = unwrap(metadata)
            if isinstance(metadata, Mapping):
                user_id = user_id or _first_text(metadata, _USER)
                conversation_id = conversation_id or _first_text(metadata, _CONVERSATION)
                node = node or as_text(metadata.get(_NODE))
    return {
        "user_id": user_id,
        "conversation_id": conversation_id,
        "interaction_id": reading.text("interaction_id"),
        "environment": environment or _first_text(span.resource_attributes, _ENVIRONMENT),
        "node": node,
    }


def _first_text(metadata: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        text = as_text(metadata.get(key))
        if text:
            return text
    return None
