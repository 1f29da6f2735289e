"""What the pages of alerts print: plain values for `alerts.html` and `alert.html`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tool_errors.alerts.backtest import Backtest, TestedFiring
from tool_errors.alerts.rule import CountRule, Definition, RateRule
from trace_store.alerts.alert_rows import AlertFiring, AlertRule
from trace_store.alerts.channels import Channel
from web.alerts.alert_json import condition, state_of

CHART_WIDTH, CHART_HEIGHT, MARK_HEIGHT = 672, 96, 14
FIRINGS_TOLD_MAX = 50


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in the list."""

    rule_id: int
    url: str
    name: str
    condition: str
    state: str  # ok, firing, snoozed, off
    firing_count: int
    snoozed_until_unix_nano: int
    last_fired_unix_nano: int
    channels: str


@dataclass(frozen=True, slots=True)
class FiringLine:
    """A firing in a history."""

    rule_url: str
    rule: str
    title: str
    what: str
    state: str  # firing, resolved, told (once), kept (nobody was told)
    fired_unix_nano: int
    duration_ns: int | None  # None: it still fires, or happens once
    traces: tuple[str, ...]
    issue: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of the chart, in its own units."""

    x: float
    y: float
    width: float
    height: float
    title: str
    is_over: bool = False  # at or above the threshold


@dataclass(frozen=True, slots=True)
class BacktestView:
    """A back-test, newest firing first, with its chart."""

    sentence: str
    days: int
    firings: tuple[TestedFiring, ...]
    total: int
    looked_at: int
    findings_total: int
    bars: tuple[Bar, ...]
    marks: tuple[Bar, ...]  # when it would have fired
    is_lasting: bool  # what fires does so until it is resolved
    threshold: str  # points of the line; "" where each finding counts
    about: str  # what the bars are, and what the line
    since_unix_nano: int
    until_unix_nano: int


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """The list of rules and the newest firings."""

    rules: tuple[RuleLine, ...]
    firings: tuple[FiringLine, ...]
    firings_total: int
    channel_count: int


@dataclass(frozen=True, slots=True)
class AlertPage:
    """One rule, stored or being made."""

    rule: RuleLine | None
    fields: Mapping[str, str]
    channels: tuple[tuple[int, str], ...]
    action: str  # where the form is sent
    error: str
    notice: str
    test: BacktestView | None
    firings: tuple[FiringLine, ...]
    firings_total: int
    signals: tuple[str, ...]  # names to choose from


def rule_line(rule: AlertRule, channels: Sequence[Channel]) -> RuleLine:
    """A rule with the names of its channels."""
    names = {channel.channel_id: channel.name for channel in channels}
    return RuleLine(
        rule_id=rule.rule_id,
        url=f"/alerts/{rule.rule_id}",
        name=rule.name,
        condition=condition(rule),
        state=state_of(rule),
        firing_count=rule.firing_count,
        snoozed_until_unix_nano=_unix_nano(rule.snoozed_until.timestamp()) if rule.snoozed_until else 0,
        last_fired_unix_nano=_unix_nano(rule.last_fired_at.timestamp()) if rule.last_fired_at else 0,
        channels=", ".join(names[one] for one in rule.channel_ids if one in names) or "nobody is told",
    )


def firing_line(firing: AlertFiring) -> FiringLine:
    """A firing with its traces."""
    message, fired = firing.message, _unix_nano(firing.fired_at.timestamp())
    state = (
        "kept" if firing.is_snoozed else "told" if firing.is_event else "resolved" if firing.resolved_at else "firing"
    )
    return FiringLine(
        rule_url=f"/alerts/{firing.rule_id}",
        rule=firing.rule_name,
        title=str(message.get("title", "")),
        what=str(message.get("what", "")),
        state=state,
        fired_unix_nano=fired,
        duration_ns=_unix_nano(firing.resolved_at.timestamp()) - fired if firing.resolved_at else None,
        traces=tuple(message.get("trace_ids", ())),
        issue=str(message.get("issue") or ""),
    )


def backtest_view(found: Backtest, rule: Definition, days: int) -> BacktestView:
    """A back-test as a sentence, a list and a chart."""
    total = len(found.firings)
    times = {0: "not once", 1: "once", 2: "twice"}.get(total, f"{total:,} times")
    tallest, is_lasting = _tallest(found), isinstance(rule, CountRule | RateRule)
    return BacktestView(
        sentence=f"This rule would have fired {times} in the last {'day' if days == 1 else f'{days} days'}.",
        days=days,
        firings=tuple(reversed(found.firings))[:FIRINGS_TOLD_MAX],
        total=total,
        looked_at=found.looked_at,
        findings_total=found.total,
        bars=tuple(_bars(found, rule, tallest)),
        marks=tuple(_mark(firing, found, is_lasting=is_lasting) for firing in found.firings[-1000:]),
        is_lasting=is_lasting,
        threshold=_threshold(found, tallest),
        about=_about(found, rule),
        since_unix_nano=found.since_unix_nano,
        until_unix_nano=found.until_unix_nano,
    )


def _tallest(found: Backtest) -> float:
    """What the full height of the chart is; room above the highest, so that a line at it is seen."""
    highest = max(max(point.value, point.threshold or 0.0) for point in found.course)
    return highest * 1.1 or 1.0


def _bars(found: Backtest, rule: Definition, tallest: float) -> Iterator[Bar]:
    width, floor = CHART_WIDTH / len(found.course), CHART_HEIGHT - MARK_HEIGHT
    for index, point in enumerate(found.course):
        height = floor * point.value / tallest
        if point.value:
            is_over = point.threshold is not None and point.value >= point.threshold
            title = _amount(rule, point.value) + (
                "" if point.threshold is None else f" of {_amount(rule, point.threshold)}"
            )
            x = round(index * width + 1, 1)
            yield Bar(x, round(floor - height, 1), round(width - 2, 1), round(height, 1), title, is_over)


def _threshold(found: Backtest, tallest: float) -> str:
    width, floor = CHART_WIDTH / len(found.course), CHART_HEIGHT - MARK_HEIGHT
    heights = [
        (index, floor * (1 - point.threshold / tallest)) for index, point in enumerate(found.course) if point.threshold
    ]
    return " ".join(
        f"{round(x, 1)},{round(y, 1)}" for index, y in heights for x in (index * width, (index + 1) * width)
    )


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


def _mark(firing: TestedFiring, found: Backtest, *, is_lasting: bool) -> Bar:
    length = found.until_unix_nano - found.since_unix_nano
    begin = (firing.fired_unix_nano - found.since_unix_nano) / length * CHART_WIDTH
    resolved = firing.resolved_unix_nano or (found.until_unix_nano if is_lasting else firing.fired_unix_nano)
    end = (resolved - found.since_unix_nano) / length * CHART_WIDTH
    begin = min(max(begin, 0.0), CHART_WIDTH - 4.0)
    return Bar(round(begin, 1), CHART_HEIGHT - MARK_HEIGHT + 4, round(max(4.0, end - begin), 1), 8, firing.title)


def _unix_nano(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1000
