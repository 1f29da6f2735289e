"""Whether a failed call was made good: a later call of the same tool succeeded."""

from collections.abc import Sequence

from tool_errors.findings import FAILED, ToolCall


def recovered_calls(calls: Sequence[ToolCall]) -> frozenset[tuple[bytes, str]]:
    """Trace id and key of the failed calls after which the same tool worked; `calls` come in order of time.

    A success counts when it began after the failure had ended; a parallel call of the same round only when it had
    the same arguments, since with others it is different work.
    """
    last_success: dict[str, ToolCall] = {}
    recovered = set()
    for call in reversed(calls):  # from the latest to the earliest
        if call.verdict.status == "ok":
            last_success.setdefault(call.name, call)
            continue
        success = last_success.get(call.name)
        if call.verdict.status in FAILED and success is not None and _makes_good(call, success):
            recovered.add((call.trace_id, call.call_key))
    return frozenset(recovered)


def _makes_good(failed: ToolCall, success: ToolCall) -> bool:
    if failed.arguments and success.arguments and failed.arguments.digest == success.arguments.digest:
        return True
    if failed.asked_by is not None and failed.asked_by == success.asked_by:
        return False
    return success.start_unix_nano >= failed.end_unix_nano
