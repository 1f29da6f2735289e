"""What the results of a tool take of a context: exact while rows have them whole, else bounded by their spans."""

from trace_store.lists.tool_calls_near import ReturnedResult
from web.lists.returned_context import WHOLE_BYTES_MAX, is_long, returned_context


def result(preview: str | None, span_bytes: int | None = None) -> ReturnedResult:
    return ReturnedResult(b"t" * 16, b"s" * 8, 1, preview, span_bytes)


def test_whole_results_are_measured_and_longer_ones_bounded() -> None:
    found = returned_context([result("x" * 100), result("é" * 100), result("y" * 400, 9000), result(None)])
    assert found is not None
    assert (found.calls_looked_at, found.results, found.counted_as_spans) == (4, 3, 1)
    assert (found.p50_bytes, found.p50_tokens, found.is_bound(found.p50_bytes)) == (200, 50, False)
    assert found.p95_bytes > WHOLE_BYTES_MAX
    assert found.is_bound(found.p95_bytes)


def test_what_is_not_known_does_not_count() -> None:
    assert returned_context([result(None), result("y" * 400)]) is None
    assert returned_context([]) is None
    assert [is_long(each) for each in (result(None), result(""), result("z" * 397), result("€" * 133))] == [
        *(False, False, True, True),
    ]
