"""The run as a conversation: what is told, what folds, and how it is cut into parts."""

from typing import Any

from tests.dialect_captures import scenarios
from tests.facts_by_hand import TraceByHand, asked
from tests.tree_records import records_of, records_of_capture
from web.pages.trace_views import TranscriptPage, Turn, TurnGroup
from web.trace.run_transcript import TURNS_WINDOW, run_transcript
from web.trace.trace_reading import TreeRecords
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_view import build_tree

PATH = "/traces/01"


def transcript(records: TreeRecords, offset: int = -1, selected: str = "") -> TranscriptPage:
    return run_transcript(records, build_tree(records, PATH), PATH, TraceViewState("transcript", selected, offset))


def outline(blocks: tuple[Turn | TurnGroup, ...]) -> list[Any]:
    found: list[Any] = []
    for block in blocks:
        if isinstance(block, TurnGroup):
            found.append((block.title, outline(block.turns)))
        else:
            found.append(f"{block.kind} {block.text or block.name}")
            found += [outline(block.inside.turns)] if block.inside else []
    return found


def flat(blocks: tuple[Turn | TurnGroup, ...]) -> list[Turn]:
    found: list[Turn] = []
    for block in blocks:
        if isinstance(block, TurnGroup):
            found += flat(block.turns)
        else:
            found += [block, *(flat(block.inside.turns) if block.inside else ())]
    return found


def run() -> TraceByHand:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", input_text="Where is it?", end=60.0)
    call = asked("c1", "search", {"q": 1})
    trace.add("llm", agent, model="m-1", input_text="Where is it?", requested_calls=(call,), reasoning_tokens=7)
    for _ in range(3):
        trace.failing_tool("search", {"q": 1}, "no such index", agent)
    helper = trace.add("agent", agent, agent_name="helper", input_text="Look it up", end=50.0)
    trace.add("tool", helper, tool_name="read", arguments={"a": 1}, result="text")
    trace.add("llm", agent, model="m-1", output_text="It is here.")
    return trace


def test_questions_answers_calls_loops_and_sub_agents() -> None:
    page = transcript(records_of(run()))
    assert outline(page.blocks) == [
        "user Where is it?",
        "agent planner",
        "assistant m-1",
        ("search ×3, same error", ["tool search", "tool search", "tool search"]),
        "user Look it up",
        "agent helper",
        ["tool text"],
        "assistant It is here.",
    ]
    turns = flat(page.blocks)
    assert (page.turn_count, page.shown, page.before_url, page.after_url) == (10, 10, None, None)
    ask, failed = turns[2], turns[3]
    assert (ask.asks, ask.reasoning_tokens) == (("search",), 7)
    assert (failed.status, failed.why, failed.loop_place) == ("error", "ValueError: no such index", "1 of 3")
    assert failed.arguments == '{"q":1}'
    assert failed.url == f"{PATH}?view=transcript&span={failed.span_id}"


def test_every_call_of_every_capture_is_told_once() -> None:
    told = 0
    for scenario in scenarios():
        for records in records_of_capture(scenario):
            tools = [turn for turn in flat(transcript(records).blocks) if turn.kind == "tool"]
            assert len(tools) == len(records.tool_calls), scenario
            assert sorted(turn.text for turn in tools) == sorted(
                call.result_preview or "" for call in records.tool_calls
            )
            told += len(tools)
    assert told > 100


def test_a_long_run_comes_in_parts_and_every_step_can_be_reached() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", agent_name="planner", end=5000.0)
    helper = trace.add("agent", agent, agent_name="helper", end=4999.0)
    for number in range(2 * TURNS_WINDOW):
        trace.add("tool", helper, tool_name=f"tool_{number}", arguments={"n": number}, result=number)
    records = records_of(trace)
    first = transcript(records)
    assert (first.offset, first.shown, first.turn_count) == (0, TURNS_WINDOW, 2 * TURNS_WINDOW + 2)
    assert first.after_url == f"{PATH}?view=transcript&offset={TURNS_WINDOW}"
    seen = [
        turn.name for at in range(0, first.turn_count, TURNS_WINDOW) for turn in flat(transcript(records, at).blocks)
    ]
    assert seen == ["planner", "helper", *(f"tool_{number}" for number in range(2 * TURNS_WINDOW))]
    late = records.spans[-1].row.span_id.hex()
    page = transcript(records, selected=late)
    assert late in {turn.span_id for turn in flat(page.blocks)}
    assert page.before_url == f"{PATH}?view=transcript&span={late}&offset={TURNS_WINDOW}"
    assert page.after_url is None


def test_agents_within_agents_without_end_can_be_shown() -> None:
    trace = TraceByHand()
    above = 0
    for number in range(150):
        above = trace.add("agent", above, agent_name=f"agent {number}", end=1000.0 - number)
    assert len(flat(transcript(records_of(trace)).blocks)) == 150
