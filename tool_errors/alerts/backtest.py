"""Back-test: when a rule would have fired on what is stored, had it been made some days ago. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from tool_errors.alerts import count, rate
from tool_errors.alerts.happened import happened
from tool_errors.alerts.rule import DAY_S, FAILED_CALLS, CountRule, Definition, EventDefinition, RateRule
from trace_store.alerts.alert_reads import AlertReads
from trace_store.alerts.alert_rows import NANOSECONDS, FindingEvent, Window

DAYS_MAX = 30
FINDINGS_MAX = 100_000
EXAMPLES_MAX = 5
BARS = 84  # over the whole time: 2 hours each in a week


@dataclass(frozen=True, slots=True)
class TestedFiring:
    """A firing that would have been."""

    __test__ = False
    subject: str
    title: str
    fired_unix_nano: int
    resolved_unix_nano: int | None  # None: it would still fire, or happens once
    value: float  # events, users or the rate when it fired
    trace_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """The highest value of the condition within one part of the time, beside the one from which on it fires."""

    value: float  # events, users or a rate; of rules that fire at each finding: findings
    threshold: float | None  # None: each finding counts


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a rule would have told."""

    firings: tuple[TestedFiring, ...]  # oldest first
    since_unix_nano: int
    until_unix_nano: int
    looked_at: int  # findings: the newest
    total: int  # findings that pass the filters
    course: tuple[Point, ...]  # BARS equal parts of the time, the oldest first


async def backtest(reads: AlertReads, project_id: int, rule: Definition, now_unix_nano: int, days: int) -> Backtest:
    """Looks at the last `days` days, at no more than the newest 100,000 findings. Raises psycopg's errors."""
    since = now_unix_nano - days * DAY_S * NANOSECONDS
    warm_up_ns = rule.window_s * NANOSECONDS if isinstance(rule, CountRule) else 0
    filters = {"tool": rule.tool, "kinds": list(FAILED_CALLS)} if isinstance(rule, RateRule) else rule.filters.columns()
    window = Window(project_id, since - warm_up_ns, now_unix_nano, filters)
    events, total = await reads.findings(window, FINDINGS_MAX)
    events.reverse()  # oldest first
    if isinstance(rule, CountRule):
        firings = _of_count(rule, events, since, now_unix_nano)
        course = [Point(value, rule.at_least) for value in count.highest(rule, events, since, now_unix_nano, BARS)]
    elif isinstance(rule, RateRule):
        firings, course = await _of_rate(reads, project_id, rule, events, since, now_unix_nano)
    else:
        firings = _of_events(rule, events, since)
        course = [Point(bar, None) for bar in _bars(events, since, now_unix_nano)]
    return Backtest(tuple(firings), since, now_unix_nano, len(events), total, tuple(course))


def _of_count(rule: CountRule, events: Sequence[FindingEvent], since: int, until: int) -> list[TestedFiring]:
    by_subject: dict[str, list[FindingEvent]] = {}
    for event in events:
        by_subject.setdefault(count.subject_of(rule, event), []).append(event)
    found = []
    for span in count.spans(rule, events, until):
        if span.from_unix_nano <= since:
            continue
        before = [event for event in by_subject[span.subject] if event.end_unix_nano <= span.from_unix_nano]
        found.append(
            TestedFiring(
                span.subject, before[-1].title, span.from_unix_nano, span.until_unix_nano, span.value, _traces(before)
            )
        )
    return found


async def _of_rate(
    reads: AlertReads, project_id: int, rule: RateRule, events: Sequence[FindingEvent], since: int, until: int
) -> tuple[list[TestedFiring], list[Point]]:
    step_s = rate.step_of(rule)
    first = (rate.WEEK_S + rule.window_s) // step_s
    begin = since - first * step_s * NANOSECONDS
    steps = [rate.Calls(0, 0)] * ((until - begin) // (step_s * NANOSECONDS) + 1)
    for part in await reads.calls(project_id, rule.tool, begin, until, step_s):
        steps[min(part.step, len(steps) - 1)] = rate.Calls(part.calls, part.failed)
    found = []
    for span in rate.spans(rule, steps, first):
        fired = begin + span.from_step * step_s * NANOSECONDS
        resolved = None if span.until_step is None else begin + span.until_step * step_s * NANOSECONDS
        before = [event for event in events if event.end_unix_nano <= fired]
        title = f"{rule.tool} fails in {span.rate:.0%} of its calls"
        found.append(TestedFiring(rule.tool, title, min(fired, until), resolved, span.rate, _traces(before)))
    return found, _rate_course(rule, steps, first)


def _rate_course(rule: RateRule, steps: Sequence[rate.Calls], first: int) -> list[Point]:
    """The rates of windows with calls enough to say something; of each part of the time the one that came closest."""
    windows = list(rate.windows(rule, steps, first))
    parts: list[list[Point]] = [[] for _ in range(BARS)]
    for at, (_, now, week) in enumerate(windows):
        value = now.rate if now.calls >= rule.calls_min else 0.0
        parts[at * BARS // len(windows)].append(Point(value, rate.least(rule, now, week)))
    return [
        max(part, key=lambda point: point.value / (point.threshold or 1.0)) if part else Point(0.0, None)
        for part in parts
    ]


def _of_events(rule: EventDefinition, events: Sequence[FindingEvent], since: int) -> list[TestedFiring]:
    told = happened(rule, events, since)
    return [
        TestedFiring(event.fingerprint, event.title, event.end_unix_nano, None, 1.0, _traces([event]))
        for _, event in told
    ]


def _traces(before: Sequence[FindingEvent]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event.trace_id.hex() for event in reversed(before[-EXAMPLES_MAX:]) if event.trace_id))


def _bars(events: Sequence[FindingEvent], since: int, until: int) -> tuple[int, ...]:
    bars = [0] * BARS
    for event in events:
        if since < event.end_unix_nano <= until:
            bars[min(BARS - 1, (event.end_unix_nano - since) * BARS // (until - since))] += 1
    return tuple(bars)
