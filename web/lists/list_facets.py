"""The facets beside a list: values with their counts, each a link that adds or removes it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trace_store.lists.trace_lists import Facet, ListFacets
from web.lists.list_parameters import TERM_PARAMETERS, ListQuery
from web.lists.row_query import RowQuery
from web.pages.facet_models import FacetColumn, FacetLink, FacetView
from web.query_bar.language import asked_values, query_text, read_query, with_value, without_value
from web.query_bar.vocabulary import CALLS, SPANS, TRACES, Vocabulary

VALUES_SHOWN = 6
VALUES_MAX = 50  # of one field
TITLES = {
    "status": "Status",
    "agent": "Agent",
    "tool": "Tool",
    "failed_tool": "Failed tool",
    "model": "Model",
    "provider": "Provider",
    "release": "Release",
    "environment": "Environment",
    "service": "Service",
    "dialect": "Dialect",
    "user": "User",
}
STATUS_WORDS = {
    "error": "Error",
    "soft_error": "Soft error",
    "loop": "Loop",
    "unanswered": "Unanswered",
    "failed_span": "Failed span",
    "live": "Live",
    "ok": "No trouble",
    "failing": "Failing",
    "unrecovered": "Not recovered",
    "recovered": "Recovered",
    "pending": "Pending",
    "violation": "Breaks its schema",
    "unset": "Not told",
    "running": "Running",
}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that has facets."""

    path: str
    things: tuple[str, str]  # one, many
    words: Vocabulary
    titles: Mapping[str, str]  # of its facets, in their order
    status_words: Mapping[str, str]


def _titles(*fields: str) -> dict[str, str]:
    more = {"error": "Error type", "rule": "Found by", "name": "Name", "kind": "Kind"}
    return {field: (TITLES | more)[field] for field in fields}


OF_TRACES = ListOf("/traces", ("trace", "traces"), TRACES, TITLES, STATUS_WORDS)
OF_CALLS = ListOf(
    "/tool-calls",
    ("tool call", "tool calls"),
    CALLS,
    _titles("status", "tool", "error", "rule", "model", "agent", "service", "user", "release", "environment"),
    STATUS_WORDS | {"ok": "Worked"},
)
OF_SPANS = ListOf(
    "/spans",
    ("span", "spans"),
    SPANS,
    _titles("status", "name", "kind", "service", "user", "release", "environment"),
    STATUS_WORDS | {"ok": "OK"},
)


def facet_column(query: ListQuery | RowQuery, counted: ListFacets, of: ListOf = OF_TRACES) -> FacetColumn:
    """The facets of a list; values that it asks for stand in them though no line has them."""
    views = (_view(query, field, counted.facets.get(field), of) for field in of.titles)
    return FacetColumn(tuple(view for view in views if view.first), counted.count, counted.is_cut, of.things)


def adding(query: ListQuery | RowQuery, field: str, value: str, of: ListOf = OF_TRACES) -> str:
    """The URL of the list that also asks for this value."""
    terms = read_query(query.shown.q.replace("\0", ""), of.words)
    text = query_text(with_value(terms, field, value), of.words)
    return replace(query, shown=replace(query.shown, q=text)).url(of.path)


def removing(query: ListQuery | RowQuery, field: str, value: str, of: ListOf = OF_TRACES) -> str:
    """The URL of the list that does not ask for this value."""
    terms = read_query(query.shown.q.replace("\0", ""), of.words)
    shown = replace(query.shown, q=query_text(without_value(terms, field, value), of.words))
    gone = {name: "" for name in TERM_PARAMETERS if name == field and getattr(shown, name) == value}
    return replace(query, shown=replace(shown, **gone)).url(of.path)  # type: ignore[arg-type]  # these are texts


def _view(query: ListQuery | RowQuery, field: str, facet: Facet | None, of: ListOf) -> FacetView:
    asked = asked_values(query.asked, field)
    counted = {each.value: each for each in facet.values} if facet else {}
    if field == "status":  # always in the same order
        counted = {value: counted[value] for value in of.status_words if value in counted}
    values = [*sorted(asked - counted.keys()), *counted]
    links = [
        FacetLink(
            value=value,
            words=of.status_words.get(value, value) if field == "status" else value,
            count=counted[value].count if value in counted else None,
            failing=counted[value].failing if value in counted else 0,
            is_asked=value in asked,
            url=removing(query, field, value, of) if value in asked else adding(query, field, value, of),
        )
        for value in values
    ]
    shown = max(VALUES_SHOWN, max((n + 1 for n, link in enumerate(links) if link.is_asked), default=0))
    untold = facet.value_count - len(facet.values) if facet else 0
    return FacetView(field, of.titles[field], tuple(links[:shown]), tuple(links[shown:]), untold)


def facets_json(counted: ListFacets, of: ListOf = OF_TRACES) -> dict[str, object]:
    """The counts as JSON."""
    things = of.things[1].replace(" ", "_")
    return {
        "counted": counted.count,
        "is_cut": counted.is_cut,
        "failing": counted.failing,
        "facets": {
            field: {
                "values": [{"value": each.value, things: each.count, "failing": each.failing} for each in facet.values],
                "value_count": facet.value_count,
            }
            for field in of.titles
            if (facet := counted.facets.get(field)) is not None
        },
    }
