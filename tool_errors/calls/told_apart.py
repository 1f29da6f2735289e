"""Calls that two instrumentations tell in different places of one trace: each hangs its spans below its own.

So do callbacks of a framework and patched methods of a client (OpenInference and OpenLLMetry around one LangGraph run).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tool_errors.grouped.groups import Groups
from tool_errors.trace_view import TraceView

_NEXT_MAX = 8  # calls that begin after one and are looked at as its other report


class _Pair(NamedTuple):
    apart_nano: int  # how far apart they begin and end
    first: int
    second: int
    first_dialect: str
    second_dialect: str


def join_told_apart(view: TraceView, alike: Iterable[Sequence[int]], groups: Groups) -> None:
    """Of rows that tell the same join those of different dialects that overlap in time.

    Each call is joined with the nearest of another dialect, so that calls that are really alike stay apart.
    """
    for rows in alike:
        if len(rows) < 2:
            continue
        joined: set[tuple[int, str]] = set()
        for pair in sorted(_pairs(view, rows)):
            taken = {(pair.first, pair.second_dialect), (pair.second, pair.first_dialect)}
            if joined.isdisjoint(taken):
                joined |= taken
                groups.join(pair.first, pair.second)


def _pairs(view: TraceView, rows: Sequence[int]) -> Iterator[_Pair]:
    """Pairs that may be one call: different dialects, overlapping, without ids that contradict each other."""
    ordered = sorted(rows, key=lambda index: (view.rows[index].start_unix_nano, index))
    for position, first in enumerate(ordered):
        start, end = view.rows[first].start_unix_nano, view.rows[first].end_unix_nano
        for second in ordered[position + 1 : position + 1 + _NEXT_MAX]:
            one, other = view.facts(first), view.facts(second)
            later = view.rows[second].start_unix_nano - start
            if later > end - start or one is None or other is None or one.dialect == other.dialect:
                continue
            one_id, other_id = one.response_id or one.tool_call_id, other.response_id or other.tool_call_id
            if not (one_id and other_id and one_id != other_id):
                apart = later + abs(view.rows[second].end_unix_nano - end)
                yield _Pair(apart, first, second, one.dialect, other.dialect)
