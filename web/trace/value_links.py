"""Filter by this value: from what the pane of a span shows to the list of everything with the same value. Pure."""

from dataclasses import replace
from urllib.parse import urlencode

from trace_store.dialects.explain import Explanation
from trace_store.lists.trace_filter import Term
from web.pages.view_models import KeyValue
from web.query_bar.language import written

FIELDS = {  # of the query bar, by fact
    "model": "model",
    "provider": "provider",
    "tool_name": "tool",
    "agent_name": "agent",
    "user_id": "user",
    "conversation_id": "conversation",
    "service_name": "service",
    "release": "release",
    "environment": "environment",
}
_OF_RESOURCE = "resource "  # how the source of a fact begins that a resource attribute says


def list_url(fact: str, value: str) -> str:
    """The list of what has the fact too: tool calls of a tool, else traces; "" for a fact that no list filters by."""
    field = FIELDS.get(fact)
    if field is None or not value.strip():
        return ""
    path = "/tool-calls" if field == "tool" else "/traces"
    if field == "conversation":  # an index answers this one
        return f"{path}?{urlencode({field: value})}"
    return f"{path}?{urlencode({'q': written(Term(field, (value,)))})}"


def linked(shown: KeyValue, explanation: Explanation | None, *, is_resource: bool = False) -> KeyValue:
    """An attribute with the list of everything with the same value, where a fact comes from it as it stands."""
    source = f"{_OF_RESOURCE}{shown.key}" if is_resource else shown.key
    for found in explanation.facts if explanation is not None and not shown.is_cut else ():
        if found.source == source and str(found.value) == shown.value and (url := list_url(found.fact, shown.value)):
            return replace(shown, list_url=url)
    return shown
