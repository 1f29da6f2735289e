"""User, conversation and interaction of a span."""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.reading import Reading, as_text

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


def identity(reading: Reading) -> dict[str, Any]:
    """The ids a span carries, in attributes of their own or inside a `metadata` object."""
    user_id, conversation_id = reading.text("user_id"), reading.text("conversation_id")
    if user_id is None or conversation_id is None:
        metadata = reading.value("metadata")
        if metadata is not None:
            metadata = unwrap(metadata)
            if isinstance(metadata, Mapping):
                user_id = user_id or _first_text(metadata, _USER)
                conversation_id = conversation_id or _first_text(metadata, _CONVERSATION)
    return {
        "user_id": user_id,
        "conversation_id": conversation_id,
        "interaction_id": reading.text("interaction_id"),
    }


def _first_text(metadata: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        text = as_text(metadata.get(key))
        if text:
            return text
    return None
