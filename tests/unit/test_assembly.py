"""The tree of a trace from whatever spans have arrived."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts_by_hand import START, TRACE_ID, node, span_id
from trace_store.assembly import NO_PARENT, SpanNode, Tree, assemble


def outline(tree: Tree[SpanNode]) -> list[tuple[int, str]]:
    return [(row.depth, "?" if row.node is None else row.node.name) for row in tree.rows]


def test_children_stand_below_their_parents_in_order_of_time_whatever_came_first() -> None:
    spans = [node(3, 1, 2), node(4, 2, 1.5), node(2, 1, 1), node(1, 0, 0)]
    assert outline(assemble(spans)) == [(0, "s1"), (1, "s2"), (2, "s4"), (1, "s3")]


def test_of_spans_that_start_together_the_longer_comes_first_and_a_running_one_is_the_longest() -> None:
    running = node(4, 0, 0)._replace(end_unix_nano=0)
    assert outline(assemble([node(2, 0, 0, 1), node(3, 0, 0, 5), running])) == [(0, "s4"), (0, "s3"), (0, "s2")]


def test_orphans_hang_under_one_placeholder_per_missing_parent() -> None:
    tree = assemble([node(1, 9, 1, 2), node(2, 9, 3, 4), node(3, 8, 5, 6)])
    assert outline(tree) == [(0, "?"), (1, "s1"), (1, "s2"), (0, "?"), (1, "s3")]
    first = tree.rows[0]
    assert first.is_placeholder
    assert first.span_id == span_id(9)
    assert (first.start_unix_nano, first.end_unix_nano) == (START + 10**9, START + 4 * 10**9)
    assert (first.child_count, first.descendant_count) == (2, 2)
    assert [root.name for root in tree.roots()] == ["s1", "s2", "s3"]


@pytest.mark.parametrize("parent", [b"", bytes(8), span_id(1), TRACE_ID], ids=["none", "zeros", "itself", "trace id"])
def test_what_means_no_parent(parent: bytes) -> None:
    tree = assemble([node(1)._replace(parent_span_id=parent), node(2, 1)])
    assert outline(tree) == [(0, "s1"), (1, "s2")]


def test_a_cycle_is_opened_at_its_earliest_span_and_keeps_what_hangs_below() -> None:
    tree = assemble([node(1, 3, 2), node(2, 1, 1), node(3, 2, 3), node(4, 3, 4)])
    assert outline(tree) == [(0, "s2"), (1, "s3"), (2, "s1"), (2, "s4")]
    assert tree.opened_cycles == [span_id(2)]


def test_the_largest_version_of_a_span_wins_whatever_its_start() -> None:
    running = node(1, 0, 5)._replace(end_unix_nano=0, raw_length=900)
    ended = node(1, 0, 1, 9, raw_length=100)
    for spans in ([running, ended], [ended, running]):
        tree = assemble(spans)
        assert [row.node for row in tree.rows] == [ended]
        assert tree.superseded == [running]


def test_a_skewed_clock_moves_spans_for_display_only() -> None:
    tree = assemble([node(1, 0, 10, 20), node(2, 1, 4, 6), node(3, 2, 5, 5.5), node(4, 2, 12, 13)])
    assert [row.skew_ns for row in tree.rows] == [0, 6 * 10**9, 6 * 10**9, 0]
    assert tree.rows[1].start_unix_nano == START + 4 * 10**9
    shown = [row.start_unix_nano + row.skew_ns for row in tree.rows]
    assert all(shown[i] >= shown[row.parent_index] for i, row in enumerate(tree.rows) if row.parent_index != NO_PARENT)


def test_sums_below() -> None:
    tree = assemble([node(1), node(2, 1, 1), node(3, 2, 2), node(4, 1, 3)])
    assert tree.sums_below([1, 10, 100, 1000]) == [1110, 100, 0, 0]


def test_ten_thousand_levels_and_twenty_thousand_spans() -> None:
    chain = [node(n, n - 1, n / 1000, n / 1000 + 1) for n in range(1, 10_001)]
    broad = [node(n, n % 500 + 1, n / 1000, n / 1000 + 1) for n in range(10_001, 20_001)]
    started = time.process_time()
    tree = assemble([*broad, *reversed(chain)])
    assert time.process_time() - started < 2  # 0.1 s where nothing else runs
    assert len(tree.rows) == 20_000
    assert max(row.depth for row in tree.rows) == 9_999
    assert tree.rows[0].descendant_count == 19_999


parents = st.lists(st.integers(0, 12), min_size=1, max_size=12)


@given(parents, st.randoms(use_true_random=False), st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_no_span_is_lost_and_order_makes_no_difference(parents: list[int], random: object, starts: list[int]) -> None:
    spans = [node(n, parent, starts[n - 1], 5) for n, parent in enumerate(parents, 1)]
    tree = assemble(spans)
    assert sorted(row.node.name for row in tree.rows if row.node) == sorted(span.name for span in spans)
    for index, row in enumerate(tree.rows):
        assert row.parent_index < index
        assert row.depth == (0 if row.parent_index == NO_PARENT else tree.rows[row.parent_index].depth + 1)
        assert row.child_count == sum(other.parent_index == index for other in tree.rows)
    shuffled = [*spans, *spans]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert assemble(shuffled).rows == tree.rows
