"""Whom and what a span belongs to: user, conversation, interaction, service, environment, agent and node of a graph."""

from collections.abc import Mapping
from typing import Any, Final

from trace_store.attributes import unwrap
from trace_store.dialects.reading import Reading, as_text
from trace_store.facts import SpanFacts
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
_HOLDERS = (str, dict)  # of metadata; quicker than `str | dict`, which would be made each time
_NODE = "langgraph_node"
_AGENT = "lc_agent_name"
_ENVIRONMENT = ("deployment.environment.name", "deployment.environment", "sentry.environment", "env")  # of a resource
# By identity: the resource is held here, so that no other can have it.
_RESOURCES: Final[dict[int, tuple[Mapping[str, Any], tuple[str | None, str | None, str | None]]]] = {}
_RESOURCES_MAX = 128


def add_identity(facts: SpanFacts, span: Span, reading: Reading) -> None:
    """The ids a span carries, in attributes of their own or inside a `metadata` object."""
    fields = reading.fields
    environment = reading.text("environment") if "environment" in fields else None
    facts.user_id = reading.text("user_id") if "user_id" in fields else None
    facts.conversation_id = reading.text("conversation_id") if "conversation_id" in fields else None
    if reading.layout.names_more:
        _add_more(facts, span, reading)
    resource = span.resource_attributes
    held = _RESOURCES.get(id(resource))
    if held is None or held[0] is not resource:
        held = resource, _of_resource(resource)
    facts.service_name, facts.release, of_resource = held[1]
    facts.environment = environment or of_resource


def _add_more(facts: SpanFacts, span: Span, reading: Reading) -> None:
    """The ids that few spans have, and those inside a `metadata` object."""
    fields = reading.fields
    node = reading.text("node") if "node" in fields else None
    if "metadata" in fields and (metadata := reading.value("metadata")) is not None:
        is_unnamed = facts.agent_name is None or facts.agent_name == span.name
        has_more = isinstance(metadata, _HOLDERS) and (
            (node is None and _NODE in metadata) or (is_unnamed and _AGENT in metadata)
        )
        if facts.user_id is None or facts.conversation_id is None or has_more:
            metadata = unwrap(metadata)
            if isinstance(metadata, dict):
                facts.user_id = facts.user_id or _first_text(metadata, _USER)
                facts.conversation_id = facts.conversation_id or _first_text(metadata, _CONVERSATION)
                node = node or as_text(metadata.get(_NODE))
                if is_unnamed and (agent_name := as_text(metadata.get(_AGENT))):
                    facts.agent_name = agent_name
    facts.node = node
    if "interaction_id" in fields:
        facts.interaction_id = reading.text("interaction_id")
    if "event_name" in fields:
        facts.event_name = reading.text("event_name")


def _of_resource(resource: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Service, its version, and environment. Resources are decoded once for all their spans, and asked once too."""
    service, release = as_text(resource.get("service.name")), as_text(resource.get("service.version"))
    found = service, release, _first_text(resource, _ENVIRONMENT)
    if len(_RESOURCES) >= _RESOURCES_MAX:
        _RESOURCES.clear()
    _RESOURCES[id(resource)] = (resource, found)
    return found


def _first_text(source: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        if key in source and (text := as_text(source[key])):
            return text
    return None
