"""The list's URL parameters: read, refused with a sentence, and written back."""

import time

import pytest
from starlette.datastructures import QueryParams

from trace_store.lists.trace_filter import Term, TraceCursor
from web.lists.list_parameters import cursor_text, read_cursor, read_list_query
from web.requests.errors import BadRequest


def test_everything_is_read_and_written_back() -> None:
    text = "q=refund&since=2026-11-01&until=1795256004000000000&errors=1&loops=true&conversation=c-1&limit=20"
    query = read_list_query(QueryParams(text), 1)
    assert query.wanted.terms == (Term("", ("refund",)),)
    assert query.wanted.since_unix_nano == 1_793_491_200_000_000_000
    assert query.wanted.until_unix_nano == 1_795_256_004_000_000_000
    assert query.wanted.errors_only
    assert query.wanted.loops_only
    assert query.wanted.conversation_id == "c-1"
    assert query.limit == 20
    again = read_list_query(QueryParams(query.url("/traces").partition("?")[2]), 1)
    assert again == query


def test_a_range_counts_back_from_now() -> None:
    since = read_list_query(QueryParams("range=1h"), 1).wanted.since_unix_nano
    assert since is not None
    assert abs(time.time_ns() - 3600 * 10**9 - since) < 10**10


@pytest.mark.parametrize("text", ["range=2y", "since=yesterday", "limit=0", "limit=many", "after=zzz", "limit=-3"])
def test_a_bad_value_is_named(text: str) -> None:
    name, _, value = text.partition("=")
    with pytest.raises(BadRequest, match=f"{name}={value}"):
        read_list_query(QueryParams(text), 1)


def test_clients_that_write_floats_are_understood() -> None:
    assert read_list_query(QueryParams("limit=50.0"), 1).limit == 50


def test_cursors_survive_the_url() -> None:
    cursor = TraceCursor(2**63 - 1, bytes(range(16)))
    assert read_cursor(cursor_text(cursor)) == cursor
