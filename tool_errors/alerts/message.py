"""What a firing tells: the `subject` of its deliveries (trace_store/alerts/outbox.py)."""

from collections.abc import Sequence
from typing import Any

from tool_errors.alerts.describe import describe, span_words
from tool_errors.alerts.rate import Calls
from tool_errors.alerts.rule import CountRule, Definition, EventDefinition, FirstSeenRule, MatchRule, RateRule
from trace_store.alerts.alert_rows import FindingEvent, SubjectCount

EXAMPLES_MAX = 5


def count_message(
    name: str, rule: CountRule, measured: SubjectCount, examples: Sequence[FindingEvent]
) -> dict[str, Any]:
    """Of a count: `examples` are the newest findings of the subject."""
    newest = examples[0] if examples else None
    if rule.filters.own_signal is not None:
        return _message(name, rule) | {
            "title": f"{rule.filters.own_signal}: {measured.events} {'time' if measured.events == 1 else 'times'}",
            "what": describe(rule) + (f"; the newest: {newest.title}" if newest else ""),
            "events": measured.events,
            "users": measured.users,
            "since_unix_nano": measured.since_unix_nano,
            "window_s": rule.window_s,
            "trace_ids": _trace_ids(examples),
            "look_at": _look_at(newest),
        }
    is_one_issue = bool(newest) and len({event.fingerprint for event in examples}) == 1
    of_issue = rule.per == "issue" or rule.filters.issue is not None
    return _message(name, rule) | {
        "title": newest.title if newest and is_one_issue else f"{measured.events} findings",
        "events": measured.events,
        "users": measured.users,
        "since_unix_nano": measured.since_unix_nano,
        "window_s": rule.window_s,
        "trace_ids": _trace_ids(examples),
        "issue": newest.fingerprint if newest and of_issue else None,
        "tool": newest.tool if newest and (of_issue or rule.per == "tool") else rule.filters.columns()["tool"],
        "look_at": _look_at(newest),
    }


def rate_message(
    name: str, rule: RateRule, now: Calls, week: Calls, since_unix_nano: int, examples: Sequence[FindingEvent]
) -> dict[str, Any]:
    """Of a rate: `examples` are the newest failures of the tool."""
    return _message(name, rule) | {
        "title": f"{rule.tool} fails in {now.rate:.0%} of its calls, {week.rate:.1%} in the week before",
        "what": f"{now.failed} of {now.calls} calls of {rule.tool} failed within {span_words(rule.window_s)}; "
        f"in the week before {week.failed} of {week.calls}",
        "events": now.failed,
        "users": len({event.user_id for event in examples if event.user_id is not None}),
        "since_unix_nano": since_unix_nano,
        "window_s": rule.window_s,
        "trace_ids": _trace_ids(examples),
        "tool": rule.tool,
        "look_at": _look_at(examples[0] if examples else None),
    }


def event_message(name: str, rule: EventDefinition, event: FindingEvent) -> dict[str, Any]:
    """Of something that happened once."""
    is_of_signal = rule.filters.own_signal is not None
    if is_of_signal:
        what = describe(rule)
    elif isinstance(rule, MatchRule):
        what = f"{event.kind.replace('_', ' ')} of {event.tool}"
    elif isinstance(rule, FirstSeenRule):
        what = f"a new issue of {event.tool}"
    else:
        resolved = f" in release {event.resolved_in_release}" if event.resolved_in_release else ""
        seen = f", seen in release {event.release}" if event.release else ""
        what = f"an issue of {event.tool} that was resolved{resolved} happens again{seen}"
    return _message(name, rule) | {
        "kind": "match" if isinstance(rule, MatchRule) else "fired",
        "title": event.title,
        "what": what,
        "events": 1,
        "users": 0 if event.user_id is None else 1,
        "since_unix_nano": event.start_unix_nano,
        "trace_ids": _trace_ids([event]),
        "issue": None if is_of_signal else event.fingerprint,
        "tool": None if is_of_signal else event.tool,
        "look_at": _look_at(event),
    }


def _message(name: str, rule: Definition) -> dict[str, Any]:
    message: dict[str, Any] = {"kind": "fired", "rule": name, "title": name, "what": describe(rule), "events": 0}
    message |= {"signal": None if isinstance(rule, RateRule) else rule.filters.signal}
    return message | {"users": 0, "window_s": None, "trace_ids": [], "issue": None, "tool": None}


def _trace_ids(examples: Sequence[FindingEvent]) -> list[str]:
    return list(dict.fromkeys(event.trace_id.hex() for event in examples if event.trace_id))[:EXAMPLES_MAX]


def _look_at(newest: FindingEvent | None) -> str:
    if newest is None:
        return "the traces of the last minutes"
    where = "the repeated calls, and why their results did not change what the model asked for next"
    if newest.kind == "signal":
        where = "what the user and the assistant said"
    elif newest.kind != "loop":
        where = f"the arguments and the result of {newest.tool}, and the model call that asked for it"
    return f"{where}, in trace {newest.trace_id.hex()}" if newest.trace_id else where
