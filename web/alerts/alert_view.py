"""What the pages of alerts print: plain values for `alerts.html` and `alert.html`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trace_store.alerts.alert_rows import AlertFiring, AlertRule
from trace_store.alerts.channels import Channel
from web.alerts.alert_json import condition, state_of
from web.alerts.backtest_view import BacktestView


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


def _unix_nano(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1000
