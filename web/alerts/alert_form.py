"""The form of an alert rule: its fields as they were typed, and the rule that they make. It works without a script, so
that it shows the fields of every kind; those of another kind than the chosen one do not count."""

import json
from collections.abc import Mapping
from typing import Any

from tool_errors.alerts.rule import CountRule, Definition, RateRule, is_derived_signal, read_definition
from trace_store.alerts.alert_rows import AlertRule
from web.requests.errors import BadRequest

FILTERS = ("tool", "issue", "signal", "release", "environment", "user", "conversation", "service", "agent")
PROPERTIES = ("properties", "traits")  # plan=pro, seats=5
EMPTY = {
    "kind": "count",
    "counts": "events",
    "at_least": "5",
    "window_minutes": "60",
    "per": "issue",
    "times": "2",
    "rate_percent": "5",
    "calls_min": "20",
    "rate_tool": "",
    "kinds": "",
    "days": "7",
    "name": "",
    "is_enabled": "1",
    **dict.fromkeys((*FILTERS, *PROPERTIES), ""),
}


def given_rule(fields: Mapping[str, str]) -> dict[str, Any]:
    """The rule that the fields make, as /api/alerts takes it; BadRequest for what is no number."""
    return {
        "name": fields.get("name", ""),
        "definition": given_definition(fields),
        "channel_ids": [
            int(number)
            for name in fields
            if name.startswith("channel_") and (number := name.removeprefix("channel_")).isascii() and number.isdigit()
        ],
        "is_enabled": fields.get("is_enabled") == "1",
    }


def given_definition(fields: Mapping[str, str]) -> dict[str, Any]:
    """The definition alone."""
    kind = fields.get("kind", "")
    if kind == "rate":
        return {
            "kind": kind,
            "tool": fields.get("rate_tool", "").strip(),
            "window_s": round(_number(fields, "window_minutes") * 60),
            "times": _number(fields, "times"),
            "rate_at_least": _number(fields, "rate_percent") / 100,
            "calls_min": round(_number(fields, "calls_min")),
        }
    filters: dict[str, Any] = {name: text for name in FILTERS if (text := fields.get(name, "").strip())}
    filters |= {name: found for name in PROPERTIES if (found := _properties(fields, name))}
    if kinds := fields.get("kinds", ""):
        filters["kinds"] = kinds.split(",")
    definition: dict[str, Any] = {"kind": kind, "filters": filters}
    if kind == "count":
        of_texts = "signal" in filters and not is_derived_signal(filters["signal"])  # which belong to no issue or tool
        definition |= {
            "counts": fields.get("counts", "events"),
            "per": "rule" if of_texts else fields.get("per", "rule"),
        }
        definition |= {"at_least": round(_number(fields, "at_least"))}
        definition |= {"window_s": round(_number(fields, "window_minutes") * 60)}
    return definition


def fields_of(rule: AlertRule) -> dict[str, str]:
    """The fields that a stored rule fills; BadRule for one that this version does not know."""
    definition = read_definition(rule.definition)
    fields = EMPTY | {"name": rule.name, "kind": definition.kind, "is_enabled": "1" if rule.is_enabled else ""}
    fields |= {f"channel_{channel_id}": "1" for channel_id in rule.channel_ids}
    return fields | _of_definition(definition)


def _of_definition(definition: Definition) -> dict[str, str]:
    if isinstance(definition, RateRule):
        return {
            "rate_tool": definition.tool,
            "window_minutes": f"{definition.window_s / 60:g}",
            "times": f"{definition.times:g}",
            "rate_percent": f"{definition.rate_at_least * 100:g}",
            "calls_min": str(definition.calls_min),
        }
    fields = {name: getattr(definition.filters, name) or "" for name in FILTERS}
    for name in PROPERTIES:
        wanted = getattr(definition.filters, name) or {}
        fields[name] = ", ".join(f"{key}={_property_text(value)}" for key, value in wanted.items())
    fields["kinds"] = ",".join(definition.filters.kinds or ())
    if isinstance(definition, CountRule):
        fields |= {"counts": definition.counts, "per": definition.per, "at_least": str(definition.at_least)}
        fields |= {"window_minutes": f"{definition.window_s / 60:g}"}
    return fields


def _properties(fields: Mapping[str, str], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(None, map(str.strip, fields.get(name, "").split(","))):
        key, equals, text = part.partition("=")
        if not equals:
            raise BadRequest(f"{name}: {part!r} is not of the form plan=pro; several are separated by commas.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text.strip()
        found[key.strip()] = value if isinstance(value, bool | int | float | str) else text.strip()
    return found


def _property_text(value: Any) -> str:
    try:
        is_plain = isinstance(value, str) and json.loads(value) is None
    except ValueError:
        is_plain = isinstance(value, str)
    return value if is_plain else json.dumps(value)


def _number(fields: Mapping[str, str], name: str) -> float:
    text = fields.get(name, "").strip()
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not abs(found) < 1e9:
        raise BadRequest(f"{name.replace('_', ' ')}: {text!r} is no number.")
    return found
