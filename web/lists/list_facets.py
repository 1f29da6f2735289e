"""The facets beside the list of traces: values with their counts, each a link that adds or removes it. Pure."""

from dataclasses import replace

from trace_store.lists.trace_lists import Facet, TraceFacets
from web.lists.list_parameters import TERM_PARAMETERS, ListQuery, url_terms
from web.pages.facet_models import FacetColumn, FacetLink, FacetView
from web.query_bar.language import asked_values, query_text, read_query, with_value, without_value

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
}


def facet_column(query: ListQuery, counted: TraceFacets) -> FacetColumn:
    """The facets of a list; values that it asks for stand in them though no trace has them."""
    views = (_view(query, field, counted.facets.get(field)) for field in TITLES)
    return FacetColumn(tuple(view for view in views if view.first), counted.traces, counted.is_cut)


def adding(query: ListQuery, field: str, value: str, path: str = "/traces") -> str:
    """The URL of the list that also asks for this value."""
    terms = read_query(query.shown.q.replace("\0", ""))
    return _with_text(query, query_text(with_value(terms, field, value)), path)


def removing(query: ListQuery, field: str, value: str) -> str:
    """The URL of the list that does not ask for this value."""
    terms = read_query(query.shown.q.replace("\0", ""))
    shown = replace(query.shown, q=query_text(without_value(terms, field, value)))
    gone = {name: "" for name in TERM_PARAMETERS if name == field and getattr(shown, name) == value}
    return replace(query, shown=replace(shown, **gone)).url("/traces")  # type: ignore[arg-type]  # these are texts


def _with_text(query: ListQuery, text: str, path: str) -> str:
    return replace(query, shown=replace(query.shown, q=text)).url(path)


def _view(query: ListQuery, field: str, facet: Facet | None) -> FacetView:
    asked = asked_values(url_terms(query.shown), field)
    counted = {each.value: each for each in facet.values} if facet else {}
    if field == "status":  # always in the same order
        counted = {value: counted[value] for value in STATUS_WORDS if value in counted}
    values = [*sorted(asked - counted.keys()), *counted]
    links = [
        FacetLink(
            value=value,
            words=STATUS_WORDS.get(value, value) if field == "status" else value,
            traces=counted[value].traces if value in counted else None,
            failing=counted[value].failing if value in counted else 0,
            is_asked=value in asked,
            url=removing(query, field, value) if value in asked else adding(query, field, value),
        )
        for value in values
    ]
    shown = max(VALUES_SHOWN, max((n + 1 for n, link in enumerate(links) if link.is_asked), default=0))
    untold = facet.value_count - len(facet.values) if facet else 0
    return FacetView(field, TITLES[field], tuple(links[:shown]), tuple(links[shown:]), untold)


def facets_json(counted: TraceFacets) -> dict[str, object]:
    """The counts as JSON."""
    return {
        "counted": counted.traces,
        "is_cut": counted.is_cut,
        "failing": counted.failing,
        "facets": {
            field: {
                "values": [
                    {"value": each.value, "traces": each.traces, "failing": each.failing} for each in facet.values
                ],
                "value_count": facet.value_count,
            }
            for field in TITLES
            if (facet := counted.facets.get(field)) is not None
        },
    }
