"""The filters that a list has set, in words, each with the list without it. Pure."""

from dataclasses import replace

from web.lists.list_parameters import ListQuery
from web.lists.row_query import RowQuery
from web.pages.facet_models import FilterChip
from web.query_bar.language import query_text, read_query, written
from web.query_bar.vocabulary import TRACES, Vocabulary

_RANGES = {"15m": "15 minutes", "1h": "hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
_NAMED = ("conversation", "issue", "tool", "release", "environment", "steps")


def filter_chips(
    query: ListQuery | RowQuery, path: str = "/traces", words: Vocabulary = TRACES
) -> tuple[FilterChip, ...]:
    """A chip for each condition of the query and for each parameter."""
    shown = query.shown

    def without(**gone: str | bool) -> str:
        return replace(query, shown=replace(shown, **gone)).url(path)  # type: ignore[arg-type]  # fields of ListFilter

    terms = read_query(shown.q.replace("\0", ""), words)
    chips = [
        FilterChip(
            written(term, words) if term.field or term.is_excluded else f"text “{term.values[0]}”",
            without(q=query_text((*terms[:number], *terms[number + 1 :]), words)),
        )
        for number, term in enumerate(terms)
    ]
    if shown.range:
        chips.append(FilterChip(f"last {_RANGES[shown.range]}", without(range="")))
    chips += [
        FilterChip(name, without(**{name: ""}), moment)
        for name, moment in (("since", query.wanted.since_unix_nano), ("until", query.wanted.until_unix_nano))
        if getattr(shown, name) and moment
    ]
    chips += [
        FilterChip(f"{name} {getattr(shown, name)}", without(**{name: ""})) for name in _NAMED if getattr(shown, name)
    ]
    chips += [
        FilterChip(f"{name} only", without(**{name: False})) for name in ("errors", "loops") if getattr(shown, name)
    ]
    return tuple(chips)
