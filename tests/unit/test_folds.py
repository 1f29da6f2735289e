"""Which repeats fold: loops with what stands between their calls, calls of one tool in a row, and nothing else."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.facts_by_hand import TraceByHand
from tests.tree_records import records_of
from web.trace.folds import Fold, end_of, find_folds
from web.trace.tree_view import build_tree


def folds_of(trace: TraceByHand) -> list[Fold]:
    records = records_of(trace)
    return find_folds(records, build_tree(records, "/traces/01"))


def told(folds: list[Fold]) -> list[tuple[str, str, int, int, tuple[int, ...]]]:
    return [(fold.title, fold.note, fold.first, fold.last, fold.repeats) for fold in folds]


def test_a_loop_folds_with_the_model_calls_between() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=60.0)
    for _ in range(3):
        trace.add("llm", agent, model="m-1")
        trace.failing_tool("search", {"q": 1}, "no such index", agent)
    trace.add("llm", agent, model="m-1", output_text="I give up.")
    (fold,) = folds_of(trace)
    assert told([fold]) == [("search ×3", "same error", 2, 6, (2, 4, 6))]
    assert fold.loop_id
    assert fold.why == "search failed 3 times on the same task: the arguments were the same each time."


def test_repeats_below_steps_of_their_own_fold_with_these() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=60.0)
    for _ in range(3):
        step = trace.add("chain", agent, end=59.0)
        trace.failing_tool("search", {"q": 1}, "no such index", step)
    assert told(folds_of(trace)) == [("search ×3", "same error", 1, 6, (2, 4, 6))]


def test_a_call_of_another_tool_is_never_hidden_in_a_loop() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=60.0)
    for number in range(4):
        trace.failing_tool("search", {"q": 1}, "no such index", agent)
        if number == 1:
            trace.add("tool", agent, tool_name="send_mail", arguments={}, result="sent")
    assert told(folds_of(trace)) == [
        ("search ×2 of 4", "same error", 1, 2, (1, 2)),
        ("search ×2 of 4", "same error", 4, 5, (4, 5)),
    ]


def test_calls_in_a_row_fold_when_they_went_well_or_failed_alike() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=60.0)
    for number in range(3):
        trace.add("tool", agent, tool_name="read", arguments={"page": number}, result=f"page {number}")
    for message in ("disk full", "no such file"):
        trace.failing_tool("read", {"path": message}, message, agent)
    for _ in range(2):
        trace.add("tool", agent, tool_name="list", arguments={}, result="x")
    (fold,) = folds_of(trace)
    assert told([fold]) == [("read ×3", "different arguments", 1, 3, (1, 2, 3))]
    assert fold.loop_id == ""


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["agent", "llm", "chain", "a", "b"]), st.booleans()),
    min_size=1,
    max_size=40,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_folds_are_whole_siblings_that_hold_each_other_or_stand_apart(steps: list[tuple[int, str, bool]]) -> None:
    trace = TraceByHand()
    for up, kind, fails in steps:
        parent = max(0, len(trace.nodes) - up)
        if kind in ("agent", "llm", "chain"):
            trace.add(kind, parent, end=100.0)  # type: ignore[arg-type]  # a span type
        elif fails:
            trace.failing_tool(kind, {}, "no such index", parent, end=100.0)
        else:
            trace.add("tool", parent, tool_name=kind, arguments={}, result="x", end=100.0)
    records = records_of(trace)
    rows = build_tree(records, "").rows
    folds = find_folds(records, build_tree(records, ""))
    for fold in folds:
        inside = rows[fold.first : fold.last + 1]
        assert all(fold.first <= row <= fold.last for row in fold.repeats)
        assert max(end_of(row) for row in inside) == fold.last
        assert {row.parent_index for row in inside if row.parent_index < fold.first} == {fold.parent}
    for fold, other in itertools.combinations(folds, 2):
        assert other.first > fold.last or other.last <= fold.last
