"""Finds the failed tool call of a derived trace that a person names. Pure."""

from collections.abc import Mapping
from typing import Any

from tool_errors.findings import FAILED
from trace_store.exceptions import RainbarrelError


class NoSuchCall(RainbarrelError):
    """The trace holds no such call, or nothing can be expected of it."""


def find_failed_call(trace: Mapping[str, Any], call_key: str = "", span_id: str = "") -> Mapping[str, Any]:
    """The call with this key or call id, or of this span, of a trace in the form of docs/api.md.

    Raises NoSuchCall saying why not, and which calls of the trace failed.
    """
    calls = trace["tool_calls"]
    if call_key:
        call = next((call for call in calls if call["call_key"] == call_key), None)
        call = call or next((call for call in calls if call["call_id"] == call_key), None)
    else:
        call = next((call for call in calls if call["span_id"] == span_id.lower()), None)
    if call is None:
        named = f"{call_key or span_id!r}" if call_key or span_id else "(no key)"
        raise NoSuchCall(f"Trace {trace['trace_id']} has no tool call {named}.{_failed_ones(calls)}")
    if call["status"] not in FAILED:
        raise NoSuchCall(
            f"The call {call['call_key']} of {call['name']!r} is {call['status']}: only a call that failed says what a "
            f"test should expect.{_failed_ones(calls)}"
        )
    return dict(call)


def _failed_ones(calls: list[Mapping[str, Any]]) -> str:
    failed = [f"{call['call_key']} ({call['name']})" for call in calls if call["status"] in FAILED]
    if not failed:
        return " None of its tool calls failed."
    more = f" and {len(failed) - 10} more" if len(failed) > 10 else ""
    return f" Failed: {', '.join(failed[:10])}{more}."
