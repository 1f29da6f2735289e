"""A back-test as the page of a rule prints it: a sentence, a list and a chart. Pure."""

from dataclasses import dataclass

from tool_errors.alerts.backtest import Backtest, TestedFiring
from tool_errors.alerts.rule import CountRule, Definition, RateRule
from web.charts.time_chart import Line, Series, TimeChart, TimeSpan

FIRINGS_TOLD_MAX, FIRINGS_DRAWN_MAX = 50, 1000


@dataclass(frozen=True, slots=True)
class BacktestView:
    """A back-test, newest firing first, with its chart."""

    sentence: str
    days: int
    firings: tuple[TestedFiring, ...]
    total: int
    looked_at: int
    findings_total: int
    chart: TimeChart
    is_lasting: bool  # what fires does so until it is resolved
    about: str  # what the bars are, and what the line


def backtest_view(found: Backtest, rule: Definition, days: int) -> BacktestView:
    """A back-test as a sentence, a list and a chart."""
    total = len(found.firings)
    times = {0: "not once", 1: "once", 2: "twice"}.get(total, f"{total:,} times")
    period = "day" if days == 1 else f"{days} days"
    is_lasting, about = isinstance(rule, CountRule | RateRule), _about(found, rule)
    return BacktestView(
        sentence=f"This rule would have fired {times} in the last {period}.",
        days=days,
        firings=tuple(reversed(found.firings))[:FIRINGS_TOLD_MAX],
        total=total,
        looked_at=found.looked_at,
        findings_total=found.total,
        chart=_chart(found, rule, f"{about}; over {'1 ' if days == 1 else ''}{period}, and when it would have fired"),
        is_lasting=is_lasting,
        about=about,
    )


def _chart(found: Backtest, rule: Definition, spoken: str) -> TimeChart:
    thresholds = tuple(point.threshold for point in found.course)
    is_lasting = isinstance(rule, CountRule | RateRule)
    return TimeChart(
        since_unix_nano=found.since_unix_nano,
        step_ns=(found.until_unix_nano - found.since_unix_nano) // len(found.course),
        series=(Series(_subject(rule), "quiet", tuple(point.value for point in found.course)),),
        spoken=spoken,
        line=Line("fires from", thresholds) if is_lasting else None,
        unit="share" if isinstance(rule, RateRule) else "count",
        spans=tuple(
            TimeSpan(
                max(firing.fired_unix_nano, found.since_unix_nano),
                firing.resolved_unix_nano or (found.until_unix_nano if is_lasting else firing.fired_unix_nano),
                firing.title,
            )
            for firing in found.firings[-FIRINGS_DRAWN_MAX:]
        ),
    )


def _subject(rule: Definition) -> str:
    if isinstance(rule, CountRule):
        return rule.counts
    return "failed calls" if isinstance(rule, RateRule) else "findings"


def _amount(rule: Definition, value: float) -> str:
    if isinstance(rule, RateRule):
        return f"{value:.1%}"
    what = "user" if isinstance(rule, CountRule) and rule.counts == "users" else "event"
    return f"{value:,.0f} {what}{'' if value == 1 else 's'}"


def _about(found: Backtest, rule: Definition) -> str:
    highest = _amount(rule, max(point.value for point in found.course))
    if isinstance(rule, CountRule):
        subject = {"rule": "", "issue": " of one issue", "tool": " of one tool"}[rule.per]
        return (
            f"bars: {rule.counts}{subject} within the window, at most {highest}; line: {_amount(rule, rule.at_least)}"
        )
    if isinstance(rule, RateRule):
        return f"bars: failed calls within the window, at most {highest}; line: from where on it fires"
    return f"bars: findings, at most {highest} each; every one that passes fires"
