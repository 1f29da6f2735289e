"""What the pages of alerts print: plain values for `alerts.html` and `alert.html`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tool_errors.alerts.backtest import Backtest, TestedFiring
from trace_store.alert_rows import AlertFiring, AlertRule
from trace_store.channels import Channel
from web.alert_json import condition, state_of

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
    tallest: int
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


def backtest_view(found: Backtest, days: int) -> BacktestView:
    """A back-test as a sentence, a list and a chart."""
    total = len(found.firings)
    times = {0: "not once", 1: "once", 2: "twice"}.get(total, f"{total:,} times")
    tallest = max(found.bars)
    width = CHART_WIDTH / len(found.bars)
    floor = CHART_HEIGHT - MARK_HEIGHT
    bars = tuple(
        Bar(
            round(index * width + 1, 1),
            round(floor * (1 - height / tallest), 1),
            round(width - 2, 1),
            round(floor * height / tallest, 1),
            f"{height:,} findings",
        )
        for index, height in enumerate(found.bars)
        if height
    )
    return BacktestView(
        sentence=f"This rule would have fired {times} in the last {'day' if days == 1 else f'{days} days'}.",
        days=days,
        firings=tuple(reversed(found.firings))[:FIRINGS_TOLD_MAX],
        total=total,
        looked_at=found.looked_at,
        findings_total=found.total,
        bars=bars,
        marks=tuple(_mark(firing, found) for firing in found.firings[-1000:]),
        tallest=tallest,
        since_unix_nano=found.since_unix_nano,
        until_unix_nano=found.until_unix_nano,
    )


def _mark(firing: TestedFiring, found: Backtest) -> Bar:
    length = found.until_unix_nano - found.since_unix_nano
    begin = (firing.fired_unix_nano - found.since_unix_nano) / length * CHART_WIDTH
    end = ((firing.resolved_unix_nano or firing.fired_unix_nano) - found.since_unix_nano) / length * CHART_WIDTH
    begin = min(max(begin, 0.0), CHART_WIDTH - 4.0)
    return Bar(round(begin, 1), CHART_HEIGHT - MARK_HEIGHT + 4, round(max(4.0, end - begin), 1), 8, firing.title)


def _unix_nano(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1000
