"""Turns of a model call whose span holds a whole run: clients that call tools by themselves until the model is content.

The span lists every call of the run as if all had been asked for at once. What is asked for again after it was
answered was asked for in a later turn.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from tool_errors.findings import ToolCall
from tool_errors.trace_view import TraceView

_Repeat = tuple[str, bytes]  # name and digest of the arguments


def with_turns(view: TraceView, calls: Sequence[ToolCall]) -> list[ToolCall]:
    """The calls, which stand by time; those that ran inside the span of the call that asked have their turn."""
    inside: dict[bytes, list[int]] = defaultdict(list)
    for index, call in enumerate(calls):
        if call.asked_by is not None and call.span_id is not None and not call.asked_turn and _ran_inside(view, call):
            inside[call.asked_by].append(index)
    told = list(calls)
    for indexes in inside.values():
        turn = 0
        ended: dict[_Repeat, int] = {}
        for index in indexes:
            call = calls[index]
            key: _Repeat = (call.name, call.arguments.digest if call.arguments else b"")
            if key in ended and ended[key] <= call.start_unix_nano:
                turn, ended = turn + 1, {}
            ended[key] = call.end_unix_nano
            told[index] = dataclasses.replace(call, asked_turn=turn) if turn else call
    return told


def _ran_inside(view: TraceView, call: ToolCall) -> bool:
    asker, row = view.position.get(call.asked_by or b""), view.position.get(call.span_id or b"")
    return asker is not None and row is not None and view.is_below(row, asker)
