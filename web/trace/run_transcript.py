"""The run of a trace as a conversation: what was asked, said and called, in the order of the tree. Pure.

It is made of what was derived, whose texts are previews; whole payloads stand in the pane of a step.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tool_errors.findings import FAILED
from trace_store.derived_rows import ToolCallRow
from web.pages.trace_views import TranscriptPage, Turn, TurnGroup
from web.trace.folds import Fold, find_folds
from web.trace.step_search import find_hits
from web.trace.trace_reading import TreeRecords
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_step import TreeStep, fact_of, facts_of
from web.trace.tree_view import TraceTree

TURNS_WINDOW = 200
_ASKING = ("agent", "llm", "chain")  # types of steps that tell what the user asked
LEVELS_MAX = 8  # what stands deeper is shown on this level


def run_transcript(records: TreeRecords, tree: TraceTree, path: str, state: TraceViewState) -> TranscriptPage:
    """The turns from the state's offset on; with offset -1 the part in which the selected step stands."""
    places, hits = _places(tree), find_hits(tree.rows, state.find)
    offset = state.offset
    if offset < 0:
        at = _place_of(places, tree, state.selected)
        offset = at - at % TURNS_WINDOW
    offset = min(offset, max(0, len(places) - 1))
    end = offset + TURNS_WINDOW
    here = replace(state, view="transcript", offset=-1)
    part = [
        replace(turn, url=here.url(path, selected=turn.span_id)) if turn.span_id else turn
        for turn in (_turn(at, tree.rows[at.row_index], is_hit=at.row_index in hits) for at in places[offset:end])
    ]
    return TranscriptPage(
        blocks=_blocks(part, offset, _Folding(find_folds(records, tree), tree, state)),
        offset=offset,
        shown=len(part),
        turn_count=len(places),
        selected=state.selected,
        before_url=state.url(path, offset=max(0, offset - TURNS_WINDOW)) if offset else None,
        after_url=state.url(path, offset=end) if end < len(places) else None,
        address=state.url(path),
        hit_count=sum(place.row_index in hits for place in places) if hits else 0,
    )


def told_rows(tree: TraceTree) -> list[int]:
    """The rows of the tree that have a turn, in the order of the turns, each once."""
    return list(dict.fromkeys(place.row_index for place in _places(tree)))


class _Place(NamedTuple):
    """Where a turn stands. A long run has thousands; only those of the part that is shown become turns."""

    kind: str  # user, assistant, tool, agent
    row_index: int
    above: int


def _place_of(places: Sequence[_Place], tree: TraceTree, selected: str) -> int:
    """The position of a step's turn; of a step without one that of the last turn before it."""
    row = max(0, tree.index_of(selected))
    return max(0, bisect_right(places, row, key=lambda place: place.row_index) - 1)


def _places(tree: TraceTree) -> list[_Place]:
    """Of all turns, in their order."""
    return tree.once("places of turns", lambda: _find_places(tree.rows))


def _find_places(rows: Sequence[TreeStep]) -> list[_Place]:
    places: list[_Place] = []
    position: list[int] = []  # by row, of the turn in which what stands below it is told
    agent_of: list[str] = []  # by row, the name of its agent
    asked: set[str] = set()
    for row in rows:
        above, agent = (position[row.parent_index], agent_of[row.parent_index]) if row.parent_index >= 0 else (-1, "")
        question = _question(row)
        if question and question not in asked:
            asked.add(question)
            places.append(_Place("user", row.index, above))
        position.append(above)
        agent_of.append(agent)
        if row.call is not None:
            position[-1] = len(places)
            places.append(_Place("tool", row.index, above))
        elif row.type == "agent" and row.name != agent:
            agent_of[-1] = row.name
            if agent:  # the outermost agent is the run itself
                position[-1] = len(places)
            places.append(_Place("agent", row.index, above))
        elif row.type == "llm" and not fact_of(row.span, "is_aggregate"):
            places.append(_Place("assistant", row.index, above))
    return places


def _turn(place: _Place, row: TreeStep, *, is_hit: bool) -> Turn:
    """The turn of a place, still without its address."""
    common = Turn(
        place.kind,
        row.index,
        place.above,
        row.span_id,
        "",
        row.name,
        status=row.status,
        is_hit=is_hit,
    )
    if place.kind == "tool" and row.call is not None:
        return _tool_turn(common, row, row.call)
    if place.kind == "assistant":
        return _model_turn(common, facts_of(row.span))
    return replace(common, text=_question(row)) if place.kind == "user" else common


def _question(row: TreeStep) -> str:
    """What the user asks in a step; "" where it is none that tells a question."""
    return str(fact_of(row.span, "input_text") or "").strip() if row.type in _ASKING else ""


def _tool_turn(turn: Turn, row: TreeStep, call: ToolCallRow) -> Turn:
    why = ": ".join(part for part in (call.error_type, call.error_message) if part) or row.evidence
    return replace(
        turn,
        text=call.result_preview or "",
        arguments=call.arguments_preview or "",
        why=why if call.status in FAILED else "",
        status=call.status,
        recovered=call.recovered,
        loop_id=row.loop_id,
        loop_place=row.loop_place,
        error=f"{call.error_type or ''} {call.error_message or ''}".strip(),
    )


def _model_turn(turn: Turn, facts: dict[str, Any]) -> Turn:
    asks = tuple(dict.fromkeys(str(requested[1] or "a tool") for requested in facts.get("requested_calls", ())))
    failure = facts.get("failure")
    return replace(
        turn,
        name=str(facts.get("model") or turn.name),
        text=str(facts.get("output_text") or "").strip(),
        asks=asks,
        reasoning_tokens=int(facts.get("reasoning_tokens") or 0),
        why=": ".join(str(part) for part in failure[2:4] if part) if failure and turn.status == "error" else "",
    )


def _blocks(turns: Sequence[Turn], offset: int, folding: "_Folding") -> tuple[Turn | TurnGroup, ...]:
    """Turns inside the agents and tools that they belong to, as far as these stand in this part; repeats folded."""
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
            below = folding.folded(list(nested(at)), turn.row_index)
            yield replace(turn, inside=TurnGroup(turn.name, "", "", len(inside[at]), below)) if below else turn

    return folding.folded(list(nested(-1)), -1)


class _Folding:
    """Puts repeats that stand side by side into one group."""

    def __init__(self, folds: Sequence[Fold], tree: TraceTree, state: TraceViewState) -> None:
        self._folds, self._unfolded = folds, state.unfolded
        self._starts = [fold.first for fold in folds]
        self._selected = tree.index_of(state.selected)

    def folded(self, turns: Sequence[Turn], enclosing: int) -> tuple[Turn | TurnGroup, ...]:
        """The turns inside row `enclosing`, or inside a fold that begins there, with the folds in there as groups."""
        blocks: list[Turn | TurnGroup] = []
        at = 0
        while at < len(turns):
            fold = self._outermost(turns[at].row_index, enclosing)
            end = at + 1
            while fold is not None and end < len(turns) and turns[end].row_index <= fold.last:
                end += 1
            if fold is None or sum(turn.row_index in fold.repeats for turn in turns[at:end]) < 2:
                blocks.append(turns[at])
                at += 1
            else:
                blocks.append(self._group(fold, turns[at:end]))
                at = end
        return tuple(blocks)

    def _outermost(self, row_index: int, enclosing: int) -> Fold | None:
        known = self._folds[bisect_right(self._starts, enclosing) : bisect_right(self._starts, row_index)]
        return next((fold for fold in known if fold.last >= row_index), None)

    def _group(self, fold: Fold, turns: Sequence[Turn]) -> TurnGroup:
        is_open = fold.fold_id in self._unfolded or fold.first <= self._selected <= fold.last
        below = self.folded(turns, fold.first)
        title = f"{fold.title}, {fold.note}"
        return TurnGroup(title, fold.loop_id, fold.why, len(turns), below, fold.fold_id, is_open)
