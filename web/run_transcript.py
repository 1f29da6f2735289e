"""The run of a trace as a conversation: what was asked, said and called, in the order of the tree. Pure.

It is made of what was derived, whose texts are previews; whole payloads stand in the pane of a step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tool_errors.findings import FAILED
from trace_store.derived_rows import LoopRow, ToolCallRow
from web.loop_text import loop_text, loop_why
from web.pages.trace_views import TranscriptPage, Turn, TurnGroup
from web.pages.view_models import TreeRow
from web.trace_reading import TreeRecords
from web.tree_view import TraceTree

TURNS_WINDOW = 200
LEVELS_MAX = 8  # what stands deeper is shown on this level


def run_transcript(records: TreeRecords, tree: TraceTree, path: str, *, offset: int, selected: str) -> TranscriptPage:
    """The turns from `offset` on; with offset -1 the part in which the selected step stands."""
    turns = _turns(records, tree, path)
    at = _turn_of(turns, tree, selected)
    if offset < 0:
        offset = at - at % TURNS_WINDOW
    offset = min(offset, max(0, len(turns) - 1))
    end = offset + TURNS_WINDOW
    keep = f"&span={selected}" if selected else ""
    loops = {loop.loop_id: loop for loop in records.loops}
    return TranscriptPage(
        blocks=_blocks(turns[offset:end], offset, loops),
        offset=offset,
        shown=len(turns[offset:end]),
        turn_count=len(turns),
        selected=selected,
        before_url=f"{path}?view=transcript&offset={max(0, offset - TURNS_WINDOW)}{keep}" if offset else None,
        after_url=f"{path}?view=transcript&offset={end}{keep}" if end < len(turns) else None,
    )


def _turn_of(turns: Sequence[Turn], tree: TraceTree, selected: str) -> int:
    """The position of a step's turn; of a step without one that of the last turn before it."""
    row = next((row.index for row in tree.rows if row.span_id == selected), 0) if selected else 0
    return max((at for at, turn in enumerate(turns) if turn.row_index <= row), default=0)


def _turns(records: TreeRecords, tree: TraceTree, path: str) -> list[Turn]:
    facts_of = {span.row.span_id.hex(): span.facts or {} for span in records.spans}
    calls = {call.span_id.hex(): call for call in records.tool_calls if call.span_id is not None}
    unseen = _calls_without_span(records, tree)
    turns: list[Turn] = []
    position: dict[int, int] = {}  # of the turn in which what stands below a row is told
    agent_of: dict[int, str] = {}  # the name of the agent of each row
    asked: set[str] = set()
    for row in tree.rows:
        above = position.get(row.parent_index, -1)
        agent = agent_of.get(row.parent_index, "")
        facts = facts_of.get(row.span_id, {})
        call = calls.get(row.span_id) or unseen.get(row.index)
        question = str(facts.get("input_text") or "").strip()
        if question and question not in asked and row.type in ("agent", "llm", "chain"):
            asked.add(question)
            turns.append(_turn(row, path, above, kind="user", text=question))
        position[row.index], agent_of[row.index] = above, agent
        if call is not None:
            position[row.index] = len(turns)
            turns.append(_tool_turn(row, call, path, above))
        elif row.type == "agent" and row.name != agent:
            agent_of[row.index] = row.name
            if agent:  # the outermost agent is the run itself
                position[row.index] = len(turns)
            turns.append(_turn(row, path, above, kind="agent"))
        elif row.type == "llm" and not facts.get("is_aggregate"):
            turns.append(_model_turn(row, facts, path, above))
    return turns


def _calls_without_span(records: TreeRecords, tree: TraceTree) -> dict[int, ToolCallRow]:
    """Calls that no span tells of, by the tree's row; they stand there in their own order below who asked."""
    waiting: dict[tuple[str, str, str], list[ToolCallRow]] = {}
    for call in records.tool_calls:
        if call.span_id is None:
            key = (call.name or "tool call", call.arguments_preview or "", call.status)
            waiting.setdefault(key, []).append(call)
    found: dict[int, ToolCallRow] = {}
    for row in tree.rows:
        same = None if row.has_span or row.is_placeholder else waiting.get((row.name, row.secondary, row.status))
        if same:
            found[row.index] = same.pop(0)
    return found


def _turn(row: TreeRow, path: str, above: int, **more: Any) -> Turn:
    url = f"{path}?view=transcript&span={row.span_id}" if row.span_id else ""
    turn = Turn("", row.index, above, row.span_id, url, row.name, status=row.status)
    return replace(turn, **more)


def _tool_turn(row: TreeRow, call: ToolCallRow, path: str, above: int) -> Turn:
    why = ": ".join(part for part in (call.error_type, call.error_message) if part) or row.evidence
    return _turn(
        row,
        path,
        above,
        kind="tool",
        text=call.result_preview or "",
        arguments=call.arguments_preview or "",
        why=why if call.status in FAILED else "",
        status=call.status,
        recovered=call.recovered,
        loop_id=row.loop_id,
        loop_place=row.loop_place,
        error=f"{call.error_type or ''} {call.error_message or ''}".strip(),
    )


def _model_turn(row: TreeRow, facts: dict[str, Any], path: str, above: int) -> Turn:
    asks = tuple(dict.fromkeys(str(requested[1] or "a tool") for requested in facts.get("requested_calls", ())))
    failure = facts.get("failure")
    return _turn(
        row,
        path,
        above,
        kind="assistant",
        name=str(facts.get("model") or row.name),
        text=str(facts.get("output_text") or "").strip(),
        asks=asks,
        reasoning_tokens=int(facts.get("reasoning_tokens") or 0),
        why=": ".join(str(part) for part in failure[2:4] if part) if failure and row.status == "error" else "",
    )


def _blocks(turns: Sequence[Turn], offset: int, loops: dict[str, LoopRow]) -> tuple[Turn | TurnGroup, ...]:
    """Turns inside the agents and tools that they belong to, as far as these stand in this part; loops folded."""
    inside: dict[int, list[int]] = {}
    level: dict[int, int] = {}
    for at, turn in enumerate(turns, start=offset):
        above = turn.above if turn.above >= offset else -1
        while above >= offset and level[above] >= LEVELS_MAX:
            above = turns[above - offset].above
        above = max(above, -1) if above >= offset else -1
        level[at] = level[above] + 1 if above >= 0 else 0
        inside.setdefault(above, []).append(at)

    def nested(above: int) -> Iterator[Turn]:
        for at in inside.get(above, ()):
            turn = turns[at - offset]
            below = _folded(list(nested(at)), loops)
            yield replace(turn, inside=TurnGroup(turn.name, "", "", len(inside[at]), below)) if below else turn

    return _folded(list(nested(-1)), loops)


def _folded(turns: Sequence[Turn], loops: dict[str, LoopRow]) -> tuple[Turn | TurnGroup, ...]:
    """The turns from the first to the last call of a loop as one group."""
    blocks: list[Turn | TurnGroup] = []
    at = 0
    while at < len(turns):
        loop = loops.get(turns[at].loop_id)
        last = max(number for number, turn in enumerate(turns) if turn.loop_id == turns[at].loop_id) if loop else at
        if loop is None or last == at:
            blocks.append(turns[at])
        else:
            group = tuple(turns[at : last + 1])
            blocks.append(TurnGroup(_loop_title(loop, group), loop.loop_id, loop_why(loop), len(group), group))
        at = last + 1
    return tuple(blocks)


def _loop_title(loop: LoopRow, turns: Sequence[Turn]) -> str:
    """`page_down ×10, same error`, where all of its calls say the same."""
    errors = {turn.error for turn in turns if turn.loop_id == loop.loop_id}
    if loop.failures and len(errors) == 1 and "" not in errors:
        return f"{loop_text(loop)}, same error"
    return f"{loop_text(loop)}, {loop.failures} failed" if loop.failures else f"{loop_text(loop)}, same result"
