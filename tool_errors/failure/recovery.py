"""Whether a failed call was made good: a later call of the same tool that was after the same succeeded."""

from collections import defaultdict, deque
from collections.abc import Sequence

from tool_errors.failure.purpose import Purpose, complains_of_arguments, purpose_of, same_purpose
from tool_errors.findings import FAILED, ToolCall

SUCCESSES_COMPARED_MAX = 16  # the next ones of the tool that a failure is compared with


def recovered_calls(calls: Sequence[ToolCall]) -> frozenset[tuple[bytes, str]]:
    """Trace id and key of the failed calls that were made good later; `calls` come in order of time.

    A success counts when it began after the failure had ended and had the same purpose (`purpose.py`). After
    a failure that complains of its arguments the next success of the tool counts, whatever it was given: it is the
    correction. A parallel call of the same round counts only with the same arguments, since with others it is
    different work.
    """
    failing = {call.name for call in calls if call.verdict.status in FAILED}
    successes: dict[str, deque[tuple[ToolCall, Purpose]]] = defaultdict(lambda: deque(maxlen=SUCCESSES_COMPARED_MAX))
    latest: dict[tuple[str, bytes], ToolCall] = {}  # of the same arguments, however far away
    recovered = set()
    for call in reversed(calls):  # from the latest to the earliest
        if call.name not in failing:
            continue
        known = None if call.arguments is None else (call.name, call.arguments.digest)
        if call.verdict.status == "ok":
            successes[call.name].appendleft((call, purpose_of(call)))
            if known is not None:
                latest[known] = call
        elif call.verdict.status in FAILED and (known in latest or _is_made_good(call, successes[call.name])):
            recovered.add((call.trace_id, call.call_key))
    return frozenset(recovered)


def _is_made_good(failed: ToolCall, successes: Sequence[tuple[ToolCall, Purpose]]) -> bool:
    """Whether one of the successes that follow, the nearest first, was after the same."""
    later = [
        (success, purpose)
        for success, purpose in successes
        if (failed.asked_by is None or failed.asked_by != success.asked_by or failed.trace_id != success.trace_id)
        and success.start_unix_nano >= failed.end_unix_nano
    ]
    if not later:
        return False
    if complains_of_arguments(failed.verdict):
        return True
    wanted = purpose_of(failed)
    return any(same_purpose(wanted, purpose) for _, purpose in later)
