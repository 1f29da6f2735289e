"""What is read of a trace in one round trip is what the single reads give."""

from tests.conformance.conftest import Store
from tests.spans_made import NOW, envelope, log, new_id, span
from trace_store.buckets import DAY_NS
from trace_store.stored import TraceKey


async def test_spans_of_several_days_in_their_last_versions_and_logs(store: Store) -> None:
    trace_id, resource = new_id(16), envelope(b"\x0a\x02\x0a\x00", "https://a")
    trace = TraceKey(1, trace_id)
    first = span(trace_id, resource=resource)
    await store.commit(
        first,
        *(span(trace_id, start_unix_nano=NOW - days * DAY_NS, resource=resource) for days in range(3)),
        *(log(trace_id, time_unix_nano=NOW - days * DAY_NS, span_id=first.span_id) for days in range(2)),
        log(trace_id, span_id=b""),
        span(trace_id, project_id=2),
        log(trace_id, project_id=2),
        span(),
        log(),
    )
    await store.commit(first._replace(end_unix_nano=first.end_unix_nano + 5, otlp=first.otlp + b"\x78\x01"))
    opened = await store.reader.opened(trace)
    assert opened.spans == await store.reader.stored_spans(trace)
    assert opened.logs == await store.reader.logs(trace)
    assert (len(opened.spans), len(opened.logs)) == (4, 3)
    assert (opened.project, opened.mapping, opened.tool_rules, opened.derived) == ("default", "", "", None)


async def test_a_trace_with_more_spans_than_asked_for_is_left_closed(store: Store) -> None:
    trace_id = new_id(16)
    trace = TraceKey(1, trace_id)
    await store.commit(*(span(trace_id) for _ in range(7)), log(trace_id))
    opened = await store.reader.opened(trace, 7)
    assert (len(opened.spans), len(opened.logs)) == (7, 1)
    opened = await store.reader.opened(trace, 6)
    assert (opened.spans, opened.logs, opened.project) == ([], [], "default")


async def test_of_an_unknown_trace_and_of_an_unknown_project_there_is_nothing(store: Store) -> None:
    opened = await store.reader.opened(TraceKey(1, new_id(16)))
    assert (opened.project, opened.spans, opened.logs) == ("default", [], [])
    assert (await store.reader.opened(TraceKey(99, new_id(16)))).project == ""


async def test_the_rules_of_a_project_as_they_were_saved_last(store: Store) -> None:
    await store.sql("INSERT INTO mapping_versions (project_id, version, text) VALUES (1, 1, 'old'), (1, 2, 'mine')")
    await store.sql("INSERT INTO mapping_versions (project_id, version, text) VALUES (2, 3, 'theirs')")
    await store.sql("INSERT INTO tool_rule_versions (version, text) VALUES (1, 'first'), (2, 'second')")
    opened = await store.reader.opened(TraceKey(1, new_id(16)))
    assert (opened.mapping, opened.tool_rules) == ("mine", "second")
