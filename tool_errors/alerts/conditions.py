"""Evaluates the condition of one rule within its transaction: what to fire, what to resolve."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from tool_errors.alerts import count, rate
from tool_errors.alerts.happened import happened
from tool_errors.alerts.message import EXAMPLES_MAX, count_message, event_message, rate_message
from tool_errors.alerts.rule import (
    DAY_S,
    FAILED_CALLS,
    CountRule,
    EventDefinition,
    RateRule,
    read_definition,
)
from tool_errors.alerts.states import changes
from trace_store.alerts.alert_reads import AlertReads
from trace_store.alerts.alert_rows import NANOSECONDS, RuleToEvaluate, Window
from trace_store.alerts.alert_work import Evaluation

EVENT_AGE_S_MAX = DAY_S  # of what is told once: older findings arrive too late to be news
EVENTS_MAX = 100_000  # new findings of one rule at once
PROGRESS_INTERVAL = timedelta(minutes=1)
WEEK_AGE_S_MAX = 3600.0  # the calls of the week before are counted again after so long
FOREVER_NS = 2**63 - 1

log = logging.getLogger(__name__)


class Conditions:
    """Evaluates rules; remembers the calls of the last week for a while, which are many."""

    def __init__(self) -> None:
        self._weeks: dict[tuple[int, str, int], tuple[float, rate.Calls]] = {}

    async def evaluate(self, evaluation: Evaluation) -> None:
        """One look at one rule. Raises BadRule for a definition that this version does not know."""
        definition = read_definition(evaluation.rule.definition)
        if isinstance(definition, CountRule):
            await _evaluate_count(evaluation, definition)
        elif isinstance(definition, RateRule):
            await self._evaluate_rate(evaluation, definition)
        else:
            await _evaluate_events(evaluation, definition)

    async def _evaluate_rate(self, evaluation: Evaluation, rule: RateRule) -> None:
        now_ns = _unix_nano(evaluation.rule)
        after_ns = now_ns - rule.window_s * NANOSECONDS
        until_ns = now_ns + count.AHEAD_NS
        now = await _calls(evaluation.reads, evaluation.rule, rule, after_ns, until_ns)
        week = await self._week(evaluation, rule, after_ns)
        holding = {rule.tool: now.rate} if rate.holds(rule, now, week) else {}
        columns = {"tool": rule.tool, "kinds": list(FAILED_CALLS)}
        window = Window(evaluation.rule.project_id, after_ns, until_ns, columns)

        async def fire(subject: str) -> None:
            examples, _ = await evaluation.reads.findings(window, EXAMPLES_MAX)
            message = rate_message(evaluation.rule.name, rule, now, week, after_ns, examples)
            await evaluation.fire(subject, now.rate, message)

        await _apply(evaluation, holding, fire)

    async def _week(self, evaluation: Evaluation, rule: RateRule, until_ns: int) -> rate.Calls:
        key = (evaluation.rule.rule_id, rule.tool, rule.window_s)
        known = self._weeks.get(key)
        if known is not None and time.monotonic() - known[0] < WEEK_AGE_S_MAX:
            return known[1]
        after_ns = until_ns - rate.WEEK_S * NANOSECONDS
        week = await _calls(evaluation.reads, evaluation.rule, rule, after_ns, until_ns)
        self._weeks[key] = time.monotonic(), week
        return week


async def _evaluate_count(evaluation: Evaluation, rule: CountRule) -> None:
    window = count.window_of(rule, evaluation.rule.project_id, _unix_nano(evaluation.rule))
    measured = await evaluation.reads.measure(window, rule.counts, rule.at_least)
    by_subject = {found.subject: found for found in measured}
    values = {found.subject: float(found.events if rule.counts == "events" else found.users) for found in measured}

    async def fire(subject: str) -> None:
        examples, _ = await evaluation.reads.findings(window, EXAMPLES_MAX, subject=subject)
        message = count_message(evaluation.rule.name, rule, by_subject[subject], examples)
        await evaluation.fire(subject, values[subject], message)

    await _apply(evaluation, values, fire)


async def _apply(evaluation: Evaluation, holding: Mapping[str, float], fire: Callable[[str], Awaitable[None]]) -> None:
    """Brings the states of the rule to what holds now."""
    states = {state.subject: state for state in await evaluation.states()}
    before = {subject: state.state for subject, state in states.items()}
    for what, subject in changes(before, holding, is_snoozed=evaluation.rule.is_snoozed):
        if what == "fire":
            await fire(subject)
        elif what == "resolve":
            await evaluation.resolve(states[subject])
        elif what == "snooze":
            await evaluation.put_state(subject, "snoozed", holding[subject])
        else:
            await evaluation.remove_state(subject)
    if evaluation.rule.now - evaluation.rule.looked_until > PROGRESS_INTERVAL:
        await evaluation.note_progress(evaluation.rule.now)


async def _evaluate_events(evaluation: Evaluation, rule: EventDefinition) -> None:
    row = evaluation.rule
    horizon = await evaluation.horizon()  # before the findings are read
    oldest_ns = _unix_nano(row) - EVENT_AGE_S_MAX * NANOSECONDS
    window = Window(row.project_id, oldest_ns, FOREVER_NS, rule.filters.columns())
    events, total = await evaluation.reads.findings(window, EVENTS_MAX, found_after=row.looked_until)
    if total > len(events):
        log.warning("Alert rule %s looks at the newest %d of %d new findings.", row.name, len(events), total)
    created_ns = round(row.created_at.timestamp() * NANOSECONDS)
    if rule.filters.own_signal is not None:  # which is looked for in older texts too, when it is saved
        events = [event for event in events if event.end_unix_nano > created_ns]
    told = happened(rule, events, max(created_ns, oldest_ns))
    known = await evaluation.known_events([key for key, _ in told]) if told else set()
    for key, event in told:
        if key not in known:
            await evaluation.fire(event.fingerprint, 1.0, event_message(row.name, rule, event), key)
    if horizon - row.looked_until > PROGRESS_INTERVAL:
        await evaluation.note_progress(horizon)


async def _calls(reads: AlertReads, row: RuleToEvaluate, rule: RateRule, after_ns: int, until_ns: int) -> rate.Calls:
    step_s = (until_ns - after_ns) // NANOSECONDS + 1
    found = await reads.calls(row.project_id, rule.tool, after_ns, until_ns, step_s)
    return rate.Calls(sum(part.calls for part in found), sum(part.failed for part in found))


def _unix_nano(row: RuleToEvaluate) -> int:
    return round(row.now.timestamp() * NANOSECONDS)
