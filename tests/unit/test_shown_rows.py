"""What a view of a trace shows: folded rows, filters, parts; the selected step is always among it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.facts_by_hand import SECOND, TraceByHand, span_id
from tests.tree_records import records_of
from web.pages.view_models import TreePage
from web.trace.next_step import next_step
from web.trace.shown_rows import PART_ROWS, tree_page
from web.trace.trace_reading import TreeRecords
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_view import build_tree

PATH = "/traces/01"


def looping() -> TreeRecords:
    """An agent that searches in vain four times, a model call each time, then sends a mail."""
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=20.0)
    for _ in range(4):
        trace.add("llm", agent, model="m-1", output_tokens=10)
        trace.failing_tool("search", {"q": 1}, "no such index", agent)
    trace.add("tool", agent, tool_name="send_mail", arguments={"to": "ada"}, result="sent")
    return records_of(trace)


def shown(records: TreeRecords, **state: Any) -> TreePage:
    return tree_page(records, build_tree(records, PATH), PATH, TraceViewState(**state))


def names(page: TreePage) -> list[tuple[int, str]]:
    return [(row.depth, row.name) for row in page.rows]


def test_one_row_stands_for_the_repeats() -> None:
    page = shown(looping())
    assert names(page) == [(0, "planner"), (1, "s2"), (1, "search ×4"), (1, "send_mail")]
    head = page.rows[2]
    assert (head.span_id, head.status, head.errors_below) == (span_id(3).hex(), "error", 4)
    assert (head.duration_ns, head.output_tokens) == (7 * SECOND, 30)
    assert head.fold is not None
    assert (head.fold.note, head.fold.repeat_count, head.fold.between_count) == ("same error", 4, 3)
    assert [segment.status for segment in head.fold.segments] == ["error"] * 4
    assert (page.row_count, page.total_count, page.span_count, page.folded_count) == (4, 10, 10, 7)


def test_unfolded_the_repeats_stand_below_that_row() -> None:
    records = looping()
    fold_id = records.loops[0].loop_id
    page = shown(records, unfolded=frozenset({fold_id, "no such fold"}))
    assert names(page)[2:5] == [(1, "search ×4"), (2, "search"), (2, "s4")]
    head = page.rows[2]
    assert {row.parent_index for row in page.rows[3:10]} == {head.index}
    assert page.rows[10].parent_index == 0
    assert (head.span_id, head.status) == ("", "")
    assert page.address == f"{PATH}?unfold={fold_id}"
    assert head.fold is not None
    assert head.fold.toggle_url == PATH


def test_a_selected_repeat_is_shown_and_gives_way_to_the_first_when_it_is_folded() -> None:
    records = looping()
    third = span_id(7).hex()
    page = shown(records, selected=third)
    assert third in {row.span_id for row in page.rows}
    assert "unfold=" in page.address
    head = page.rows[2]
    assert head.fold is not None
    assert head.fold.toggle_url == f"{PATH}?span={span_id(3).hex()}"
    assert len(shown(records, selected=span_id(3).hex()).rows) == 4


def test_only_errors_and_only_tools_keep_what_stands_above() -> None:
    records = looping()
    assert names(shown(records, only="errors")) == [(0, "planner"), (1, "search ×4")]
    assert names(shown(records, only="tools")) == [(0, "planner"), (1, "search ×4"), (1, "send_mail")]
    mail = span_id(10).hex()
    page = shown(records, only="errors", selected=mail)
    assert page.rows[-1].span_id == mail
    assert page.state.only == ""


def test_the_window_of_the_waterfall_leaves_what_lies_in_it() -> None:
    records = looping()
    page = shown(records, begin=9 * SECOND + 1, end=12 * SECOND)
    assert names(page) == [(0, "planner"), (1, "send_mail")]
    assert page.filtered_count == 8
    agent, mail = page.rows
    assert (agent.left_percent, agent.width_percent) == (0.0, 100.0)
    assert mail.width_percent == pytest.approx(33.3, abs=0.1)
    assert page.minimap is not None
    assert page.minimap.whole_url == PATH
    assert len(shown(records, view="tree", begin=9 * SECOND, end=12 * SECOND).rows) == 4
    assert names(shown(records, begin=99 * SECOND, end=120 * SECOND)) == names(shown(records))


def test_by_output_tokens_bars_follow_each_other() -> None:
    records = looping()
    page = shown(records, measure="tokens", unfolded=frozenset({records.loops[0].loop_id}))
    bars = {row.span_id: (row.left_percent, row.width_percent) for row in page.rows if row.own_output_tokens}
    assert list(bars.values()) == [(0.0, 25.0), (25.0, 25.0), (50.0, 25.0), (75.0, 25.0)]
    assert page.rows[0].output_tokens == 40
    assert [tick.label for tick in page.ticks] == ["0", "10", "20", "30"]


def test_hits_of_a_search_are_counted_in_the_whole_trace() -> None:
    page = shown(looping(), find="NO SUCH")
    assert (page.hit_count, [row.is_hit for row in page.rows]) == (4, [False, False, True, False])


def many() -> TreeRecords:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=5000.0)
    for number in range(2 * PART_ROWS + 99):
        trace.add("tool", agent, tool_name=f"tool_{number}", arguments={"n": number}, result=number)
    return records_of(trace)


def test_parts_follow_each_other_without_gap_and_any_step_has_its_part() -> None:
    records = many()
    pages = [shown(records, offset=offset) for offset in (0, PART_ROWS, 2 * PART_ROWS)]
    seen = [row.index for page in pages for row in page.rows]
    assert seen == list(range(2 * PART_ROWS + 100))
    assert [page.before_url for page in pages] == [None, f"{PATH}?offset=0", f"{PATH}?offset={PART_ROWS}"]
    assert [page.after_url for page in pages] == [f"{PATH}?offset={PART_ROWS}", f"{PATH}?offset={2 * PART_ROWS}", None]
    selected = span_id(PART_ROWS + 8).hex()
    page = shown(records, selected=selected)
    assert page.offset == PART_ROWS
    assert page.after_url == f"{PATH}?span={selected}&offset={2 * PART_ROWS}"
    assert shown(records, offset=0, selected=selected).offset == 0
    assert shown(records, selected=span_id(99_999).hex()).offset == 0
    assert len(shown(records, offset=99_999).rows) == 1


def test_the_next_failure_loop_and_hit() -> None:
    records = looping()
    tree, state = build_tree(records, PATH), TraceViewState()
    found = next_step(records, tree, PATH, state, "failure", None)
    assert found is not None
    assert (found.span_id, found.row_index, found.has_turned) == (span_id(3).hex(), -2, False)
    again = next_step(records, tree, PATH, state, "failure", found.row_index)
    assert again == replace(found, has_turned=True)  # a folded row counts once
    opened = replace(state, selected=span_id(7).hex())
    following = next_step(records, tree, PATH, opened, "failure", None)
    assert following is not None
    assert following.span_id == span_id(9).hex()
    for view in ("transcript", "graph"):
        told = next_step(records, tree, PATH, replace(opened, view=view), "failure", None)
        assert told is not None
        assert told.span_id == span_id(9).hex()
    hit = next_step(records, tree, PATH, replace(state, find="sent"), "hit", None)
    assert hit is not None
    assert (hit.span_id, hit.address) == (span_id(10).hex(), f"{PATH}?span={span_id(10).hex()}&find=sent")
    loop = next_step(records, tree, PATH, state, "loop", None)
    assert loop is not None
    assert loop.row_index == -2
    assert next_step(records, tree, PATH, state, "loop", loop.row_index) is None
    assert next_step(records, tree, PATH, state, "soft_error", None) is None
