"""The printed tree: what stands where, what is marked, and how it is cut into windows."""

from datetime import date
from typing import Any

from tests.facts_by_hand import START, TRACE_ID, span_id
from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.stored import SpanRow
from trace_store.stored import TreeRow as StoredTreeRow
from web.trace.span_extents import Window, extents_of
from web.trace.trace_reading import TreeRecords
from web.trace.trace_view import build_trace_page
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_step import TreeStep
from web.trace.tree_view import TraceTree, build_tree, loop_views

PATH = "/traces/0102"
SECOND = 1_000_000_000


def stored(
    number: int, parent: int = 0, type_: str | None = None, *, start: float = 0, end: float | None = 1, **more: Any
) -> StoredTreeRow:
    """A span; times are seconds after START, `end` None while it runs; `failed` for status ERROR."""
    status_code, facts, name = 2 if more.get("failed") else 0, more.get("facts"), more.get("name", f"s{number}")
    start_unix_nano = START + int(start * SECOND)
    end_unix_nano = 0 if end is None else START + int(end * SECOND)
    row = SpanRow(
        *(1, TRACE_ID, span_id(number), span_id(parent), start_unix_nano, end_unix_nano, date(2027, 1, 15), name, 1),
        *(status_code, 10, b"d"),
    )
    return StoredTreeRow(row, type_, "otel_genai" if type_ else None, facts)


def call(number: int = 0, status: str = "ok", *, asked_by: int = 0, key: str = "", **more: Any) -> ToolCallRow:
    """The call that span `number` is, or one without a span."""
    return ToolCallRow(
        *(1, TRACE_ID, span_id(number).hex() if number else key, span_id(number) or None, None),
        asked_by=span_id(asked_by) or None,
        start_unix_nano=START,
        end_unix_nano=START,
        name=more.pop("name", "look_up"),
        status=status,
        rule="span_status",
        path="status.message",
        recovered=more.pop("recovered", False),
        **more,
    )


def loop(*call_keys: str, loop_id: str = "l1") -> LoopRow:
    return LoopRow(
        *(1, TRACE_ID, loop_id, "repeated_failure", ["look_up"], len(call_keys), 2, list(call_keys), START, START),
        *(1200, "f", "gave_up"),
    )


def tree_of(*spans: StoredTreeRow, calls: tuple[ToolCallRow, ...] = (), loops: tuple[LoopRow, ...] = ()) -> TraceTree:
    return build_tree(TreeRecords(None, list(spans), list(calls), list(loops)), PATH)


def outline(tree: TraceTree) -> list[tuple[int, str, int, int]]:
    return [(row.depth, row.name, row.index, row.parent_index) for row in tree.rows]


def by_name(tree: TraceTree) -> dict[str, TreeStep]:
    return {row.name: row for row in tree.rows}


def bars(tree: TraceTree) -> list[tuple[float, float]]:
    extents = extents_of(tree, "duration")
    return [Window("duration", 0, extents.length).bar(span) for span in extents.spans]


def test_children_follow_their_parent_by_time() -> None:
    tree = tree_of(stored(4, 2, start=3), stored(3, 1, start=5), stored(2, 1, start=2), stored(1, end=9))
    assert outline(tree) == [(0, "s1", 0, -1), (1, "s2", 1, 0), (2, "s4", 2, 1), (1, "s3", 3, 0)]
    root = tree.rows[0]
    assert (root.child_count, root.descendant_count) == (2, 3)
    assert tree.url_of(root) == f"{PATH}?span={span_id(1).hex()}"
    assert (bars(tree)[0], root.duration_ns) == ((0.0, 100.0), 9 * SECOND)


def test_a_missing_parent_has_a_row_of_its_own() -> None:
    tree = tree_of(stored(1), stored(3, 2, start=4, end=5), stored(4, 2, start=6, end=8))
    (placeholder,) = (row for row in tree.rows if row.is_placeholder)
    assert (placeholder.status, placeholder.type, placeholder.child_count) == ("missing", "missing", 2)
    assert placeholder.secondary == placeholder.span_id == span_id(2).hex()
    assert placeholder.duration_ns == 4 * SECOND
    assert (tree.span_count, len(tree.rows), tree.missing_parent_count) == (3, 4, 1)


def test_an_error_is_marked_where_it_began_and_counted_above() -> None:
    tree = tree_of(
        stored(1, 0, "agent", failed=True, facts={"agent_name": "helper"}),
        stored(2, 1, "tool", failed=True),
        stored(3, 2, failed=True),
        stored(4, 1, "tool", failed=True),
        calls=(call(2, "error", name="outer"), call(4, "error", name="inner", recovered=True)),
    )
    rows = by_name(tree)
    assert {name: row.status for name, row in rows.items()} == {
        "helper": "",
        "outer": "",
        "s3": "error",
        "inner": "error",
    }
    assert {name: row.errors_below for name, row in rows.items()} == {"helper": 3, "outer": 1, "s3": 0, "inner": 0}
    assert rows["inner"].recovered
    assert rows["inner"].evidence == "span_status at status.message"


def test_a_soft_error_is_counted_apart() -> None:
    tree = tree_of(stored(1), stored(2, 1, "tool"), stored(3, 1, "tool"), calls=(call(2, "soft_error"), call(3, "ok")))
    assert [(row.status, row.errors_below, row.soft_errors_below) for row in tree.rows] == [
        *(("", 0, 1), ("soft_error", 0, 0), ("ok", 0, 0)),
    ]


def test_the_header_counts_recoveries_among_all_calls_that_rows_show_as_failed() -> None:
    spans = [stored(1, 0, "tool"), stored(2, 1, "tool"), stored(3, 0, "tool")]
    calls = [call(1, "soft_error", recovered=True), call(2, "error", recovered=True), call(3)]
    records = TreeRecords(None, spans, calls, [])
    tree = build_tree(records, PATH)
    page = build_trace_page(records, tree, PATH, state=TraceViewState(), query_string="")
    assert (page.recovered_count, page.failed_call_count) == (2, 2)


def test_a_call_without_a_span_stands_under_the_model_call_that_asked() -> None:
    calls = (
        call(asked_by=2, key="call:a", status="soft_error", name="asked", arguments_preview='{"n":1}'),
        call(asked_by=2, key="call:b", status="error", name="asked again"),
        call(asked_by=9, key="call:c", status="unanswered", name="asked elsewhere"),
        call(key="call:d", status="ok", name="asked by nobody"),
    )
    tree = tree_of(stored(1, end=9), stored(2, 1, "llm", facts={"model": "m"}), stored(3, 2, start=1), calls=calls)
    assert outline(tree) == [
        (0, "s1", 0, -1),
        (1, "asked elsewhere", 1, 0),
        (1, "asked by nobody", 2, 0),
        (1, "s2", 3, 0),
        (2, "asked", 4, 3),
        (2, "asked again", 5, 3),
        (2, "s3", 6, 3),
    ]
    rows = by_name(tree)
    assert rows["s2"].secondary == "m"
    assert (rows["s2"].child_count, rows["s2"].descendant_count) == (3, 3)
    assert (rows["s1"].child_count, rows["s1"].descendant_count) == (3, 6)
    assert (rows["s2"].status, rows["s2"].errors_below, rows["s2"].soft_errors_below) == ("", 1, 1)
    assert (rows["s1"].errors_below, rows["s1"].soft_errors_below) == (1, 1)
    asked = rows["asked"]
    assert (asked.span_id, tree.url_of(asked), asked.has_span, asked.secondary) == ("", "", False, '{"n":1}')
    assert rows["asked elsewhere"].status == "unanswered"


def test_a_failed_model_call_stays_marked_above_a_failed_call_without_a_span() -> None:
    tree = tree_of(stored(1, 0, "llm", failed=True), calls=(call(asked_by=1, key="call:a", status="error"),))
    assert [(row.status, row.errors_below) for row in tree.rows] == [("error", 1), ("error", 0)]


def test_every_call_of_a_loop_knows_its_place() -> None:
    calls = tuple(call(number, "error", name=f"t{number}") for number in (2, 3, 4))
    spans = [stored(number, 1, "tool", start=number) for number in (2, 3, 4)]
    looping = loop(*(item.call_key for item in calls[:2]), "call:x")
    tree = tree_of(stored(1, end=9), *spans, calls=(*calls, call(asked_by=1, key="call:x")), loops=(looping,))
    places = {row.name: (row.loop_id, row.loop_place) for row in tree.rows if row.loop_id}
    assert places == {"t2": ("l1", "1 of 3"), "t3": ("l1", "2 of 3"), "look_up": ("l1", "3 of 3")}
    (chip,) = loop_views(TreeRecords(None, [], list(calls), [looping]), PATH)
    assert (chip.text, chip.failures, chip.tokens, chip.ended) == ("look_up ×3", 2, 1200, "gave_up")
    assert chip.why == "look_up failed 3 times on the same task: the arguments were the same each time."
    assert chip.first_url == f"{PATH}?span={span_id(2).hex()}"


def test_a_running_span_reaches_to_the_end_of_the_axis() -> None:
    tree = tree_of(stored(1, end=None), stored(2, 1, start=5, end=10))
    running, ended = tree.rows
    assert (running.is_running, running.duration_ns, ended.is_running) == (True, None, False)
    assert bars(tree) == [(0.0, 100.0), (50.0, 50.0)]
    assert bars(tree_of(stored(1, end=None))) == [(0.0, 100.0)]


def test_a_clock_that_is_behind_is_corrected_and_told() -> None:
    tree = tree_of(stored(1, start=10, end=20), stored(2, 1, start=4, end=6))
    parent, child = tree.rows
    assert (parent.skew_ns, child.skew_ns, tree.skewed_count) == (0, 6 * SECOND, 1)
    assert (bars(tree)[1], child.duration_ns) == ((0.0, 20.0), 2 * SECOND)


def test_a_span_without_a_name_and_without_a_type() -> None:
    (row,) = tree_of(stored(1, name="")).rows
    assert (row.name, row.type, row.status) == ("(no name)", "other", "")
