"""The rules for redaction of a project as page and API read, try and save them."""

from typing import Any

from otlp_receiver.redaction.built_in import BUILT_IN
from otlp_receiver.redaction.rules import BadRedactionRule, RedactionRule, read_rules
from trace_store.redaction_rules import RedactionStore, RulesChanged
from web.context import WebContext
from web.requests.errors import BadRequest, Conflict


async def rules_in_force(context: WebContext) -> tuple[int, tuple[RedactionRule, ...], int]:
    """Version (0: none was ever saved), rules, and when they were saved, in nanoseconds."""
    saved = await RedactionStore(context.pool).newest(context.project_id)
    if saved is None:
        return 0, (), 0
    return saved.version, read_rules(saved.rules), round(saved.saved_at.timestamp() * 1e6) * 1000


def checked(rules: Any) -> tuple[RedactionRule, ...]:
    """The rules of a JSON value; BadRequest says what is wrong with them."""
    try:
        return read_rules(rules)
    except BadRedactionRule as error:
        raise BadRequest(str(error)) from None


async def save_rules(context: WebContext, rules: Any, base: int) -> int:
    """Saves and puts in force; the new version. BadRequest, and Conflict when `base` is not the newest.

    This process knows them when it returns, the others within two seconds.
    """
    found = checked(rules)
    try:
        version = await RedactionStore(context.pool).save(context.project_id, [rule.as_json() for rule in found], base)
    except RulesChanged as error:
        raise Conflict(str(error)) from None
    await context.control.ring.fresh()
    return version


async def settings_json(context: WebContext) -> dict[str, Any]:
    """What is in force, and what comes along."""
    version, rules, saved = await rules_in_force(context)
    return {
        "version": version,
        "saved_unix_nano": str(saved),
        "rules": [rule.as_json() for rule in rules],
        "built_in": [{"name": each.name, "title": each.title, "example": each.example} for each in BUILT_IN.values()],
    }
