"""What the palette offers for a text: what has exactly this id first, then pages, then what the text is part of."""

from dataclasses import asdict, dataclass
from typing import Any

from trace_store.lists.jump import Jumps, Named
from web.context import WebContext
from web.conversations.interaction_view import user_url
from web.issues.issue_view import issue_url
from web.lists.list_view import conversation_url
from web.lists.typed_ids import HALF_BYTES, read_typed_ids
from web.requests.project_urls import location_with_prefix
from web.rules.tool_history import tool_url
from web.trace.trace_url import trace_url

SUGGESTIONS_MAX = 20
TEXT_CHARACTERS_MAX = 400
PAGES = (
    ("Overview", "/", "start home dashboard"),
    ("Traces", "/traces", "list runs search"),
    ("Interactions", "/interactions", "list requests events users"),
    ("Tool calls", "/tool-calls", "list failed errors tools"),
    ("Spans", "/spans", "list slowest names"),
    ("Live", "/live", "tail stream running now"),
    ("Conversations", "/conversations", "chats sessions threads"),
    ("Issues", "/issues", "errors failures"),
    ("Tools", "/tools", "calls"),
    ("Users", "/users", "people"),
    ("Signals", "/signals", "keywords patterns feedback"),
    ("Alerts", "/alerts", "rules"),
    ("New alert rule", "/alerts/new", "alert"),
    ("Compare two traces", "/compare", "diff side by side steps"),
    ("Compare two groups", "/compare/cohorts", "releases cohorts properties"),
    ("Compare with another backend", "/compare/otlp", "otlp export"),
    ("Send data", "/settings/ingest", "settings ingest sdk snippets endpoint otlp setup"),
    ("Storage", "/settings/storage", "settings retention disk size days"),
    ("Dialects seen", "/settings/dialects", "settings"),
    ("Your mapping", "/settings/mappings", "settings attributes"),
    ("Prices", "/settings/prices", "settings models cost"),
    ("Rules for results", "/settings/rules", "settings tool"),
    ("Channels", "/settings/channels", "settings slack teams webhook email"),
    ("Verdicts", "/settings/verdicts", "settings precision"),
    ("Received", "/settings/receipts", "settings ingest receipts accepted rejected"),
    ("Redaction", "/settings/redaction", "settings privacy personal data"),
    ("Keys", "/settings/keys", "settings access"),
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the palette."""

    kind: str  # as Named has it, or page
    label: str
    about: str
    url: str
    is_exact: bool


async def read_suggestions(context: WebContext, text: str) -> list[Suggestion]:
    """At most 20, the best first; pages alone for no text."""
    text = text.strip().replace("\0", "")[:TEXT_CHARACTERS_MAX]
    if not text:
        return _pages("")
    async with context.reader.freely_planned() as connection:
        jumps = Jumps(connection, context.project_id)
        exact = [suggestion for named in await _by_id(jumps, text) if (suggestion := await _exact(jumps, named))]
        like = [_suggestion(named, is_exact=named.name == text) for named in await jumps.like(text)]
    known = {suggestion.url for suggestion in exact}
    rest = [suggestion for suggestion in [*_pages(text), *like] if suggestion.url not in known]
    rest.sort(key=lambda suggestion: not suggestion.is_exact)  # stable
    return [*exact, *rest][:SUGGESTIONS_MAX]


def suggestions_json(text: str, found: list[Suggestion]) -> dict[str, Any]:
    """`{"to", "suggestions": [...]}`, with the project's addresses."""
    return {"to": text, "suggestions": [asdict(each) | {"url": location_with_prefix(each.url)} for each in found]}


async def _by_id(jumps: Jumps, text: str) -> list[Named]:
    ids = read_typed_ids(text)
    padded = [bytes(HALF_BYTES) + half for half in ids.halves]
    found = await jumps.traces([*ids.traces, *padded]) if ids.traces or padded else []
    if ids.span is not None:
        found = [Named("span", f"{named.name}/{ids.span.hex()}", named.about) for named in found]
    elif ids.halves and not found:
        found = await jumps.by_half(ids.halves)
    return [*found, *await jumps.exactly(text)]


async def _exact(jumps: Jumps, named: Named) -> Suggestion | None:
    """An event has no page of its own: its conversation or its trace stands for it."""
    if named.kind != "event":
        return _suggestion(named, is_exact=True)
    if named.about:
        return Suggestion("event", named.name, "in its conversation", conversation_url(named.about), is_exact=True)
    trace_id = await jumps.trace_of_event(named.name)
    if trace_id is None:
        return None
    return Suggestion("event", named.name, "its trace", trace_url(trace_id), is_exact=True)


def _suggestion(named: Named, *, is_exact: bool) -> Suggestion:
    kind, name, about = named
    if kind == "issue":
        return Suggestion(kind, about or name, name, issue_url(name), is_exact)
    if kind == "span":
        trace_id, _, span_id = name.partition("/")
        return Suggestion(kind, span_id, about, trace_url(trace_id, span_id), is_exact)
    if kind == "trace":
        return Suggestion(kind, name, about, trace_url(name), is_exact)
    urls = {"tool": tool_url, "user": user_url, "conversation": conversation_url}
    return Suggestion(kind, name, about, urls[kind](name), is_exact)


def _pages(text: str) -> list[Suggestion]:
    words = text.lower().split()
    return [
        Suggestion("page", name, "", url, is_exact=name.lower() == text.lower())
        for name, url, more in PAGES
        if all(word in f"{name} {more}".lower() for word in words)
    ]
