"""Loops: repetition without progress, over the tool calls of one trace or of one conversation.

A detector is one function from calls in order of time to runs of calls, in a file of its own; `DETECTORS` is the
registry. A run becomes a `Loop` here, in the same way for all of them.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from tool_errors.findings import CallReference, Loop, ToolCall
from tool_errors.repeated_failure import repeated_failures

Detector = Callable[[Sequence[ToolCall]], list[list[ToolCall]]]
LlmCallKey = tuple[bytes, bytes]  # trace id, span id

DETECTORS: Mapping[str, Detector] = {"repeated_failure": repeated_failures}


def find_loops(calls: Sequence[ToolCall], tokens: Mapping[LlmCallKey, int], *, live: bool) -> list[Loop]:
    """All loops among `calls`, which come in order of time; `tokens` has what each LLM call spent."""
    last_success: dict[str, int] = {}
    for call in calls:
        if call.verdict.status == "ok":
            last_success[call.name] = call.start_unix_nano
    loops = []
    for kind, detect in DETECTORS.items():
        for run in detect(calls):
            last = run[-1]
            ended = "running" if live else "gave_up"
            if last_success.get(last.name, -1) >= last.end_unix_nano:
                ended = "success"
            loops.append(_loop(kind, run, _tokens_of_repeats(run, tokens), ended))
    loops.sort(key=lambda loop: (loop.start_unix_nano, loop.loop_id))
    return loops


def _loop(kind: str, run: list[ToolCall], tokens: int | None, ended: str) -> Loop:
    first = run[0]
    tools = tuple(dict.fromkeys(call.name for call in run))
    return Loop(
        trace_id=run[-1].trace_id,
        loop_id=_digest(kind, first.trace_id.hex(), first.call_key),
        kind=kind,
        tools=tools,
        iterations=len(run),
        failures=sum(call.failed for call in run),
        calls=tuple(CallReference(call.trace_id, call.call_key, call.span_id, call.call_id) for call in run),
        start_unix_nano=first.start_unix_nano,
        end_unix_nano=max(call.end_unix_nano for call in run),
        tokens=tokens,
        fingerprint=_digest(kind, *tools, first.verdict.fingerprint),
        ended=ended,
    )


def _tokens_of_repeats(run: list[ToolCall], tokens: Mapping[LlmCallKey, int]) -> int | None:
    """What was spent on asking again: the first call was no waste. None when no asking LLM call is known."""
    asking = {(call.trace_id, call.asked_by) for call in run[1:] if call.asked_by is not None}
    spent = [tokens[key] for key in asking if key in tokens]
    return sum(spent) if spent else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
