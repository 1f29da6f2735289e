"""Count: so many events, or distinct users, within a window that ends now.

An event counts from the moment at which it ended. A finding that arrives late therefore fires only if its window is not
over yet.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tool_errors.alerts.rule import CountRule
from trace_store.alerts.alert_rows import NANOSECONDS, FindingEvent, Window

AHEAD_NS = 60 * NANOSECONDS  # by how much the clock of a sender may be ahead; later ends count when their time comes


class Span(NamedTuple):
    """A time in which the condition of a rule held for a subject."""

    subject: str
    from_unix_nano: int
    until_unix_nano: int | None  # None: it still held at the end
    value: int  # when it began to hold


@dataclass(slots=True)
class _Sliding:
    """The events of one subject within the window."""

    events: deque[FindingEvent]
    users: Counter[str]
    since: int | None = None  # when the condition began to hold
    value_then: int = 0

    def value(self, rule: CountRule) -> int:
        return len(self.events) if rule.counts == "events" else len(self.users)


def window_of(rule: CountRule, project_id: int, now_unix_nano: int) -> Window:
    """What counts now."""
    after = now_unix_nano - rule.window_s * NANOSECONDS
    return Window(project_id, after, now_unix_nano + AHEAD_NS, rule.filters.columns(), rule.per)


def subject_of(rule: CountRule, event: FindingEvent) -> str:
    """What the event counts for."""
    return {"rule": "", "issue": event.fingerprint, "tool": event.tool}[rule.per]


def spans(rule: CountRule, events: Iterable[FindingEvent], until_unix_nano: int) -> list[Span]:
    """When the condition held, at every instant up to `until`, by the ends of events alone; in order of beginning."""
    found: list[Span] = []
    sliding: dict[str, _Sliding] = {}
    for event in sorted(events, key=lambda event: event.end_unix_nano):
        if event.end_unix_nano > until_unix_nano:
            break
        subject = subject_of(rule, event)
        state = sliding.setdefault(subject, _Sliding(deque(), Counter()))
        found += _leave(rule, subject, state, event.end_unix_nano)
        state.events.append(event)
        if event.user_id is not None:
            state.users[event.user_id] += 1
        if state.since is None and state.value(rule) >= rule.at_least:
            state.since, state.value_then = event.end_unix_nano, state.value(rule)
    for subject, state in sliding.items():
        found += _leave(rule, subject, state, until_unix_nano)
        if state.since is not None:
            found.append(Span(subject, state.since, None, state.value_then))
    return sorted(found, key=lambda span: (span.from_unix_nano, span.subject))


def highest(rule: CountRule, events: Iterable[FindingEvent], since: int, until: int, steps: int) -> list[int]:
    """The highest value of any subject within each of `steps` equal parts of the time, for a chart."""
    found = [0] * steps
    sliding: dict[str, _Sliding] = {}
    bounds = [since + (until - since) * step // steps for step in range(steps)]
    ahead = deque(enumerate(bounds))
    for event in sorted(events, key=lambda event: event.end_unix_nano):
        if event.end_unix_nano > until:
            break
        while ahead and ahead[0][1] <= event.end_unix_nano:
            _note(rule, sliding, *ahead.popleft(), found)
        subject = subject_of(rule, event)
        state = sliding.setdefault(subject, _Sliding(deque(), Counter()))
        deque(_leave(rule, subject, state, event.end_unix_nano), maxlen=0)
        state.events.append(event)
        if event.user_id is not None:
            state.users[event.user_id] += 1
        if event.end_unix_nano >= since:
            step = len(bounds) - len(ahead) - 1
            found[step] = max(found[step], state.value(rule))
    while ahead:
        _note(rule, sliding, *ahead.popleft(), found)
    return found


def _note(rule: CountRule, sliding: dict[str, _Sliding], step: int, now: int, found: list[int]) -> None:
    """What still counts where a step begins; subjects of which nothing does are forgotten."""
    for subject, state in list(sliding.items()):
        deque(_leave(rule, subject, state, now), maxlen=0)
        if state.events:
            found[step] = max(found[step], state.value(rule))
        else:
            del sliding[subject]


def _leave(rule: CountRule, subject: str, state: _Sliding, now: int) -> Iterator[Span]:
    """Events leave the window one by one; the condition may cease to hold with each of them."""
    window_ns = rule.window_s * NANOSECONDS
    while state.events and state.events[0].end_unix_nano + window_ns <= now:
        gone = state.events.popleft()
        if gone.user_id is not None:
            state.users[gone.user_id] -= 1
            if not state.users[gone.user_id]:
                del state.users[gone.user_id]
        if state.since is not None and state.value(rule) < rule.at_least:
            yield Span(subject, state.since, gone.end_unix_nano + window_ns, state.value_then)
            state.since = None
