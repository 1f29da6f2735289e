"""Model calls that only say they stopped to call tools: who tells what they asked for.

A step around the call or beside it may hold its messages. Where no messages were recorded at all, the order of the
steps of one agent tells which call asked for a tool.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tool_errors.calls.llm_calls import LlmGroup, end_of
from tool_errors.trace_view import TraceView
from trace_store.assembly import NO_PARENT

_STEPS_ABOVE_MAX = 8  # between a model call and the step that tells what it asked for
_LOOK_BACK_MAX = 64  # steps beside a model call that are looked at


def silent_calls(view: TraceView, groups: Sequence[LlmGroup]) -> dict[int, int]:
    """The calls that stopped to call tools and tell none: innermost row -> place among the groups."""
    return {
        group.members[-1]: place
        for place, group in enumerate(groups)
        if group.call.finish_reason == "tool_call" and not _tells_requests(view, group)
    }


def telling_steps(view: TraceView, silent: Mapping[int, int]) -> dict[int, int]:
    """By place of the model call the row of the one step that tells its requests, where that step tells no other's."""
    if not silent:
        return {}
    found = _steps_above(view, silent)
    found.update(_steps_beside(view, {index: place for index, place in silent.items() if place not in found}))
    return found


class AskedInOrder:
    """The latest model call of the same agent before a tool asked for it, if it is silent and none ran beside it."""

    def __init__(self, view: TraceView, groups: Sequence[LlmGroup], silent: Mapping[int, int]) -> None:
        self._view = view
        self._groups = groups
        self._silent = set(silent.values())
        self._of_row = {row: place for place, group in enumerate(groups) for row in group.members}
        self._by_agent: dict[int, list[int]] = defaultdict(list)  # places by start, as the groups are
        for place, group in enumerate(groups if silent else ()):
            self._by_agent[view.boundary[group.members[0]]].append(place)
        self._starts = {
            agent: [groups[place].call.start_unix_nano for place in places] for agent, places in self._by_agent.items()
        }
        self._beside = {
            place
            for places in self._by_agent.values()
            for pair in pairwise(places)
            if groups[pair[1]].call.start_unix_nano < groups[pair[0]].call.end_unix_nano
            for place in pair
        }

    def asker(self, row: int) -> bytes | None:
        """Span id of the model call that asked for the tool call of this row; None when that is not certain."""
        above = self._view.boundary[row]
        if (inside := self._of_row.get(above)) is not None:  # some libraries run the tool inside the model call
            tells = _tells_requests(self._view, self._groups[inside])
            return None if tells else self._groups[inside].call.span_id
        at = bisect_right(self._starts.get(above, ()), self._view.rows[row].start_unix_nano)
        place = self._by_agent[above][at - 1] if at else None
        if place is None or place not in self._silent or place in self._beside:
            return None
        return self._groups[place].call.span_id


def _tells_requests(view: TraceView, group: LlmGroup) -> bool:
    return any((facts := view.facts(index)) is not None and facts.requested_calls for index in group.members)


def _steps_above(view: TraceView, silent: Mapping[int, int]) -> dict[int, int]:
    below = view.tree.sums_below([int(index in silent) for index in range(len(view.rows))])
    found = {}
    for index, place in silent.items():
        above = index
        for _ in range(_STEPS_ABOVE_MAX):
            above = view.rows[above].parent_index
            if above == NO_PARENT or view.is_llm(above) or view.is_tool(above) or below[above] != 1:
                break
            if _tells(view, above):
                found[place] = above
                break
    return found


def _steps_beside(view: TraceView, silent: Mapping[int, int]) -> dict[int, int]:
    """Some libraries write all steps below one span: the step that made a call is the one whose time holds it."""
    steps: dict[int, list[int]] = defaultdict(list)
    parents = {view.rows[index].parent_index for index in silent} - {NO_PARENT}
    for index, row in enumerate(view.rows if parents else ()):
        if row.parent_index in parents and _tells(view, index) and not row.descendant_count:
            steps[row.parent_index].append(index)
    holders = {
        place: tuple(_holding(view, steps[parent], index))
        for index, place in silent.items()
        if (parent := view.rows[index].parent_index) in steps
    }
    held = Counter(step for found in holders.values() for step in found)
    return {place: rows[0] for place, rows in holders.items() if len(rows) == 1 and held[rows[0]] == 1}


def _holding(view: TraceView, steps: Sequence[int], index: int) -> Iterator[int]:
    """The steps, which stand by start, that begin before a row and end after it."""
    inner = view.rows[index]
    stop = bisect_right(steps, inner.start_unix_nano, key=lambda step: view.rows[step].start_unix_nano)
    for step in steps[max(0, stop - _LOOK_BACK_MAX) : stop]:
        outer = view.rows[step]
        if end_of(outer.start_unix_nano, outer.end_unix_nano) >= end_of(inner.start_unix_nano, inner.end_unix_nano):
            yield step


def _tells(view: TraceView, index: int) -> bool:
    facts = view.facts(index)
    if facts is None or view.is_llm(index) or view.is_tool(index):
        return False
    return bool(facts.requested_calls)
