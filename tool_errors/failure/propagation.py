"""Errors that only climb: a tool that runs other tools fails with their error; it is counted where it began."""

from tool_errors.failure.error_text import is_generic
from tool_errors.findings import FAILED, ToolCall
from tool_errors.trace_view import TraceView

_LEVELS_MAX = 16  # failed calls around a failed call that are compared with it


def propagated_from(view: TraceView, calls: list[ToolCall]) -> dict[str, bytes]:
    """By call key, the span of the failed call below from which a call has its error."""
    failed = {}
    for call in calls:
        if call.span_id is not None and call.verdict.status in FAILED:
            failed[view.position[call.span_id]] = call
    origins: dict[str, bytes] = {}
    above: list[int] = []  # failed calls around the current one, outermost first
    for position in sorted(failed):
        while above and not view.is_below(position, above[-1]):
            above.pop()
        for outer in above[-_LEVELS_MAX:]:
            if _is_same_error(failed[outer], failed[position]):
                span_id = failed[position].span_id
                if span_id is not None:
                    origins[failed[outer].call_key] = span_id
        above.append(position)
    return origins


def _is_same_error(outer: ToolCall, inner: ToolCall) -> bool:
    """Whether the outer call says nothing of its own, or repeats the text of the inner one."""
    said, cause = outer.verdict.message, inner.verdict.message
    return is_generic(said) or (bool(cause) and cause in said)
