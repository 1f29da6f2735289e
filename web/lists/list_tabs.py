"""The tabs of the lists: interactions, traces, tool calls, spans; each keeps what the next one understands."""

from collections.abc import Mapping
from dataclasses import replace

from trace_store.lists.trace_filter import Term
from web.lists.list_parameters import parameters_of
from web.pages.facet_models import ListFilter, ListTab
from web.query_bar.language import BadQuery, query_text, read_query
from web.query_bar.vocabulary import CALLS, SPANS, TRACES, Vocabulary
from web.requests.page_urls import url_with

LISTS: Mapping[str, Vocabulary] = {"/traces": TRACES, "/tool-calls": CALLS, "/spans": SPANS}
WORDS = {"/interactions": "Interactions", "/traces": "Traces", "/tool-calls": "Tool calls", "/spans": "Spans"}
_OTHER_MEANING = {"name", "duration"}  # of the trace, of the call, of the span


def list_tabs(path: str, shown: ListFilter) -> tuple[ListTab, ...]:
    """The tabs of the list at `path`, one of LISTS."""
    return tuple(ListTab(words, _url(path, shown, to), to == path) for to, words in WORDS.items())


def tabs_of_interactions(shown: Mapping[str, str]) -> tuple[ListTab, ...]:
    """The tabs of the list of interactions, whose filter is a text, a user, a range and two flags."""
    terms = tuple(Term(field, (value,)) for field, value in (("user", shown["user"]), ("", shown["q"])) if value)
    plain = ListFilter(range=shown["range"], errors=bool(shown["errors"]), loops=bool(shown["loops"]))
    found = []
    for path, words in WORDS.items():
        text = query_text(terms, LISTS.get(path, TRACES))
        told = parameters_of(replace(plain, q=text))
        found.append(ListTab(words, "" if path == "/interactions" else url_with(path, told), path == "/interactions"))
    return tuple(found)


def _url(path: str, shown: ListFilter, to: str) -> str:
    if to == path:
        return url_with(path, parameters_of(shown))
    try:
        terms = read_query(shown.q.replace("\0", ""), LISTS[path])
    except BadQuery:
        terms = ()
    if to == "/interactions":
        only = ("range", "errors", "loops")
        told = {name: value for name, value in parameters_of(shown).items() if name in only}
        user = next((t.values[0] for t in terms if t.field == "user" and not t.is_excluded and len(t.values) == 1), "")
        text = next((t.values[0] for t in terms if not t.field and not t.is_excluded), "")
        return url_with(to, {"q": text} | told | {"user": user})
    kept = tuple(known for term in terms if (known := _understood(term, LISTS[path], LISTS[to])) is not None)
    carried = replace(shown, q=query_text(kept, LISTS[to]), steps=shown.steps if to == "/traces" else "")
    return url_with(to, parameters_of(carried))


def _understood(term: Term, here: Vocabulary, there: Vocabulary) -> Term | None:
    """The term as another list understands it; None where it does not, or means something else."""
    if not term.field:
        return term
    if term.field in _OTHER_MEANING or term.field not in there.fields:
        return None
    if term.field == "status":
        known = () if SPANS in (here, there) else there.choices["status"]  # of a span it is what the span says
        values = tuple(value for value in term.values if value in known)
        return replace(term, values=values) if values else None
    return term
