"""Alert rules, firings and back-tests as JSON; rules from JSON, with sentences for what is wrong with them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tool_errors.alerts.backtest import DAYS_MAX, Backtest
from tool_errors.alerts.describe import describe
from tool_errors.alerts.rule import SIGNAL_POSTED, BadRule, Definition, RateRule, read_definition, stored_definition
from trace_store.alerts.alert_rows import AlertFiring, AlertRule, AlertState
from trace_store.alerts.alert_store import AlertStore
from trace_store.alerts.channels import ChannelStore
from web.context import WebContext
from web.requests.errors import BadRequest

NAME_CHARACTERS_MAX = 200
BACKTEST_DAYS = 7
FIRINGS_TOLD_MAX = 200


@dataclass(frozen=True, slots=True)
class GivenRule:
    """A rule as somebody wants it."""

    name: str
    definition: Definition
    channel_ids: list[int]
    is_enabled: bool

    @property
    def stored(self) -> dict[str, Any]:
        """The definition as JSON."""
        return stored_definition(self.definition)


async def read_rule(context: WebContext, given: dict[str, Any]) -> GivenRule:
    """A rule from `{"name", "definition", "channel_ids", "is_enabled"}`; BadRequest says what is wrong."""
    if unknown := given.keys() - {"name", "definition", "channel_ids", "is_enabled"}:
        raise BadRequest(
            f"{', '.join(sorted(unknown))}: an alert rule has name, definition, channel_ids and is_enabled."
        )
    name, channel_ids, is_enabled = given.get("name"), given.get("channel_ids", []), given.get("is_enabled", True)
    if not isinstance(name, str) or not 0 < len(name.strip()) <= NAME_CHARACTERS_MAX:
        raise BadRequest(f"A rule needs a name of 1 to {NAME_CHARACTERS_MAX} characters.")
    if not isinstance(is_enabled, bool):
        raise BadRequest("is_enabled is true or false.")
    definition = read_given_definition(given.get("definition"))
    known = {channel.channel_id for channel in await ChannelStore(context.pool).all(context.project_id)}
    if not isinstance(channel_ids, list) or (
        unknown_ids := [one for one in channel_ids if not isinstance(one, int) or one not in known]
    ):
        raise BadRequest(
            f"channel_ids names no channels: {channel_ids if not isinstance(channel_ids, list) else unknown_ids}."
        )
    await check_signal(AlertStore(context.pool), context.project_id, definition)
    return GivenRule(name.strip(), definition, sorted(set(channel_ids)), is_enabled)


async def check_signal(store: AlertStore, project_id: int, definition: Definition) -> None:
    """Raises BadRequest for a signal that there is not: a misspelt name would wait for ever."""
    name = None if isinstance(definition, RateRule) else definition.filters.own_signal
    if name is not None and not name.startswith(SIGNAL_POSTED) and not await store.has_signal(project_id, name):
        raise BadRequest(
            f"There is no signal {name}: /signals lists yours; those of Rainbarrel are tool_error: and the name of a "
            "tool, loop, or loop: and its tools; what applications post is feedback: and its name."
        )


def read_given_definition(given: Any) -> Definition:
    """A definition; BadRequest with the sentences of BadRule."""
    try:
        return read_definition(given)
    except BadRule as error:
        raise BadRequest(str(error)) from None


def read_days(given: Any) -> int:
    """Over how many days to back-test; BadRequest says how many there can be."""
    days = BACKTEST_DAYS if given is None else given
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= DAYS_MAX:
        raise BadRequest(f"days is a number from 1 to {DAYS_MAX}.")
    return days


def rule_json(rule: AlertRule) -> dict[str, Any]:
    """One rule."""
    return {
        "rule_id": rule.rule_id,
        "name": rule.name,
        "definition": rule.definition,
        "condition": condition(rule),
        "channel_ids": rule.channel_ids,
        "is_enabled": rule.is_enabled,
        "state": state_of(rule),
        "firing_count": rule.firing_count,
        "snoozed_until": _iso(rule.snoozed_until),
        "created_at": _iso(rule.created_at),
        "changed_at": _iso(rule.changed_at),
        "evaluated_at": _iso(rule.evaluated_at),
        "last_fired_at": _iso(rule.last_fired_at),
    }


def state_of(rule: AlertRule) -> str:
    """`off`, `snoozed`, `firing` or `ok`."""
    if not rule.is_enabled:
        return "off"
    if rule.snoozed_until is not None and rule.snoozed_until > datetime.now(rule.snoozed_until.tzinfo):
        return "snoozed"
    return "firing" if rule.firing_count else "ok"


def condition(rule: AlertRule) -> str:
    """What the rule waits for, in words."""
    try:
        return describe(read_definition(rule.definition))
    except BadRule as error:
        return f"not evaluated: {error}"


def subject_json(state: AlertState) -> dict[str, Any]:
    """A subject that is not ok."""
    return {"subject": state.subject, "state": state.state, "value": state.value, "since": _iso(state.changed_at)}


def firing_json(firing: AlertFiring) -> dict[str, Any]:
    """One firing."""
    return {
        "firing_id": firing.firing_id,
        "rule_id": firing.rule_id,
        "rule": firing.rule_name,
        "subject": firing.subject,
        "is_event": firing.is_event,
        "is_snoozed": firing.is_snoozed,
        "fired_at": _iso(firing.fired_at),
        "resolved_at": _iso(firing.resolved_at),
        "value": firing.value,
        "message": firing.message,
    }


def backtest_json(found: Backtest) -> dict[str, Any]:
    """What a rule would have told: the newest 200 firings."""
    told = found.firings[-FIRINGS_TOLD_MAX:]
    return {
        "since_unix_nano": str(found.since_unix_nano),
        "until_unix_nano": str(found.until_unix_nano),
        "findings": found.looked_at,
        "findings_total": found.total,
        "course": [{"value": point.value, "threshold": point.threshold} for point in found.course],
        "firings": [
            {
                "subject": firing.subject,
                "title": firing.title,
                "fired_unix_nano": str(firing.fired_unix_nano),
                "resolved_unix_nano": None if firing.resolved_unix_nano is None else str(firing.resolved_unix_nano),
                "value": firing.value,
                "trace_ids": list(firing.trace_ids),
            }
            for firing in told
        ],
        "firings_shown": len(told),
        "firings_total": len(found.firings),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
