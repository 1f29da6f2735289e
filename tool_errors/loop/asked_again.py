"""Whether the user came back with the same request: the plainest sign that an answer did not help."""

import re
from collections.abc import Sequence

from tool_errors.findings import DerivedTrace
from tool_errors.loop.call_signature import names

TRACES_LOOKED_AT = 50  # of the conversation, after the one that asked
WORDS_MIN = 3  # "yes", "continue" and "try again" are no requests of their own
ALIKE_SHARE_MIN = 0.75  # of the words of two requests that both have
READING_TIME_NS = 3_000_000_000  # after a run without an answer: what comes at once is a retry by a program

_WORD = re.compile(r"\w+")
_SMALL_WORDS = names("a an and at by can could do for from i in is it me my of on or please the to what with you")


def asked_again(traces: Sequence[DerivedTrace]) -> dict[bytes, bytes]:
    """By trace id the next trace of the same conversation in which the user asks for the same; `traces` by time."""
    wanted = [_request(trace) for trace in traces]
    found = ((trace, _next_alike(traces, wanted, at)) for at, trace in enumerate(traces))
    return {trace.trace_id: following for trace, following in found if following is not None}


def first_asked_again(traces: Sequence[DerivedTrace]) -> bytes | None:
    """The same for the first of these traces alone."""
    return _next_alike(traces, [_request(trace) for trace in traces], 0) if traces else None


def _next_alike(traces: Sequence[DerivedTrace], wanted: Sequence[frozenset[str]], at: int) -> bytes | None:
    if len(wanted[at]) < WORDS_MIN:
        return None
    for further in range(at + 1, min(len(traces), at + 1 + TRACES_LOOKED_AT)):
        if _alike(wanted[at], wanted[further]) and _came_back(traces[at], traces[further]):
            return traces[further].trace_id
    return None


def _came_back(before: DerivedTrace, after: DerivedTrace) -> bool:
    """Whether a user could see the end of one run before the other began.

    A run that neither answered nor failed is only one step of its turn: the next trace goes on with it.
    """
    if before.conversation_id is None or before.conversation_id != after.conversation_id:
        return False
    pause_ns = after.start_unix_nano - before.end_unix_nano
    if pause_ns < 0 or set(before.interaction_ids) & set(after.interaction_ids):
        return False
    return bool(before.output_preview) or (before.failed_span_count > 0 and pause_ns >= READING_TIME_NS)


def _request(trace: DerivedTrace) -> frozenset[str]:
    """The words of the request, as lists hold it: its first 400 bytes."""
    return frozenset(_WORD.findall((trace.input_preview or "").casefold())) - _SMALL_WORDS


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= ALIKE_SHARE_MIN * len(one | other)
