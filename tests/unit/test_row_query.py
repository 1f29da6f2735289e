"""The lists of tool calls and of spans: their URL parameters, where pages begin, and the tabs between lists."""

from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.datastructures import QueryParams

from trace_store.lists.call_filter import CallCursor, CallFilter
from trace_store.lists.span_lists import NewestCursor, SlowestCursor
from trace_store.lists.trace_filter import Term
from web.lists.list_tabs import list_tabs, tabs_of_interactions
from web.lists.row_query import (
    RowQuery,
    call_cursor,
    call_filter,
    call_place,
    call_query,
    newest_cursor,
    newest_place,
    slowest_cursor,
    slowest_place,
    span_list_filter,
    span_query,
)
from web.pages.facet_models import ListFilter
from web.requests.errors import BadRequest

ID, SPAN = bytes(range(16)), bytes(range(8))


def at(before: str) -> RowQuery:
    return call_query(QueryParams({"before": before}), 1)


def tab_urls(path: str, **shown: str | bool) -> dict[str, dict[str, list[str]]]:
    """The parameters of each tab."""
    return {
        (parts := urlsplit(tab.url)).path: parse_qs(parts.query)
        for tab in list_tabs(path, ListFilter(**shown))  # type: ignore[arg-type]  # its fields
    }


def test_everything_is_read_and_written_back() -> None:
    text = "q=error%3AKeyError&range=24h&errors=1&tool=search&release=2&limit=20"
    query = call_query(QueryParams(text), 1)
    assert call_filter(query).terms == (
        Term("error", ("KeyError",)),
        Term("tool", ("search",)),
        Term("release", ("2",)),
        Term("status", ("failing",)),
    )
    again = call_query(QueryParams(query.url("/tool-calls").partition("?")[2]), 1)
    assert (again.shown, again.asked, again.limit) == (query.shown, query.asked, query.limit)


def test_places_survive_the_url() -> None:
    call = CallCursor(2**63 - 1, ID, "call:with.stop é")
    assert call_cursor(at(call_place(call))) == call
    early = CallCursor(5, b"", "")
    assert call_cursor(at(call_place(early))) == early
    for newest in (NewestCursor(7, ID, 8, SPAN), NewestCursor(7, ID, 0, b"")):
        assert newest_cursor(at(newest_place(newest))) == newest
    slowest = SlowestCursor(0, ID, SPAN)
    assert slowest_cursor(at(slowest_place(slowest))) == slowest
    assert call_place(None) == newest_place(None) == slowest_place(None) == ""
    for wrong in ("x", "1.zz", "-1.00"):
        with pytest.raises(BadRequest):
            call_cursor(at(wrong))


def test_the_index_is_chosen_by_what_every_call_must_have() -> None:
    def wanted(query: str) -> CallFilter:
        return call_filter(call_query(QueryParams({"q": query}), 1))

    assert wanted("tool:a status:error,soft_error").kinds == ("tool_error", "soft_error")
    assert wanted("status:error,ok").kinds is None
    assert wanted("-status:error").kinds is None
    assert wanted("tool:a,b").only("tool") is None
    assert wanted("-tool:a tool:b").only("tool") == "b"
    assert wanted("-status:loop").asks_for_loops


def test_conditions_on_spans_stand_apart_from_those_on_traces() -> None:
    found = span_list_filter(span_query(QueryParams("q=name:a+user:b+conversation:c+duration>1s&errors=1"), 1))
    assert [term.field for term in found.terms] == ["name", "duration", "status"]
    assert [term.field for term in found.traces.terms] == ["user"]
    assert (found.traces.conversation_id, found.traces.errors_only) == ("c", True)


def test_a_tab_keeps_what_the_other_list_understands() -> None:
    urls = tab_urls("/traces", q="user:ada status:error,live failed_tool:x duration>3s words", range="24h", errors=True)
    assert urls["/tool-calls"] == {"q": ["user:ada status:error words"], "range": ["24h"], "errors": ["1"]}
    assert urls["/spans"] == {"q": ["user:ada words"], "range": ["24h"], "errors": ["1"]}
    assert urls["/interactions"] == {"q": ["words"], "range": ["24h"], "errors": ["1"], "user": ["ada"]}
    assert "failed_tool:x" in urls["/traces"]["q"][0]
    back = tab_urls("/tool-calls", q="error:KeyError model:m", tool="search", since="2026-01-01")
    assert back["/traces"] == {"q": ["model:m"], "tool": ["search"], "since": ["2026-01-01"]}
    assert tab_urls("/traces", q='"no end', steps="a then b")["/spans"] == {}
    asked = tabs_of_interactions({"q": "tool:x", "range": "1h", "user": "ada", "errors": "", "loops": "1"})
    assert [tab.is_current for tab in asked] == [True, False, False, False]
    assert parse_qs(urlsplit(asked[2].url).query) == {"q": ['user:ada "tool:x"'], "range": ["1h"], "loops": ["1"]}
