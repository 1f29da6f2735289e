"""Which field a text stands in. Ids hold records together, so a rule reaches them only where it names them."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trace_store.dialects.dialect import Field

CONTENT: Final = "content"  # all text of spans, log records, events, signals and users, but ids
RESOURCE: Final = "resource"  # attributes of resources
SCOPE: Final = "scope"  # names and attributes of instrumentation scopes
AREAS = frozenset({CONTENT, RESOURCE, SCOPE})

# Of what Raindrop's clients post, by the way from the outermost object; docs/interactions.md.
POSTED_IDS = frozenset(
    {
        "event_id",
        "user_id",
        "convo_id",
        "attachment_id",
        "timestamp",
        "signal_type",
        "sentiment",
        "ai_data.convo_id",
        "properties.trace_id",
        "attachments.attachment_id",
        "attachments.type",
        "attachments.role",
    }
)
_ID_FACTS: "tuple[Field, ...]" = ("user_id", "conversation_id", "interaction_id")


# Texts of spans and log records that no key stands before.
_WITHOUT_KEY = ("span.name", "status.message", "event.name", "trace_state", "body", "severity_text")


def is_id(field: str) -> bool:
    """Whether a field holds an id (or a word of the protocol), which only a rule that names it may change."""
    return field in POSTED_IDS or field in attribute_ids()


def ids_among(fields: Iterable[str]) -> list[str]:
    """The ids that these fields of a rule name."""
    return [each for each in sorted(POSTED_IDS | attribute_ids()) if any(_covers(field, each) for field in fields)]


def reaches(fields: frozenset[str], name: str) -> bool:
    """Whether a rule for these fields looks at a text of the field `name`, which is `attribute_name` or one of a posted
    item."""
    area, _, key = name.partition(" ")
    if area not in AREAS or not key:
        area, key = CONTENT, name
    if any(_covers(field, key) for field in fields):
        return True
    return area in fields and not is_id(key)


def attribute_name(area: str, key: str) -> str:
    """What an attribute is called: with its area before it unless it is one of a span, an event or a log record. A key
    may hold spaces, and begin as if it had an area."""
    return f"{area or CONTENT} {key}" if area in AREAS or key.partition(" ")[0] in AREAS else key


def keys_to_look_for(fields: frozenset[str]) -> frozenset[str]:
    """What stands in every encoded record that a rule for these fields may change; nothing if that is not known."""
    keys = {field.removesuffix("*") for field in fields - {RESOURCE, SCOPE}}
    if CONTENT in keys or any(_covers(field, text) for field in fields for text in _WITHOUT_KEY):
        return frozenset()
    return frozenset(keys)


def _covers(field: str, name: str) -> bool:
    return name.startswith(field[:-1]) if field.endswith("*") else name == field


@cache
def attribute_ids() -> frozenset[str]:
    """The attributes in which some dialect looks for the id of a user, a conversation or an interaction."""
    from trace_store.dialects import REGISTRY  # the write path loads them only where there are rules

    return frozenset(
        key
        for dialect in REGISTRY
        for held in (dialect.fields, dialect.own_fields)
        for fact in _ID_FACTS
        for key in held.get(fact, ())
    )
