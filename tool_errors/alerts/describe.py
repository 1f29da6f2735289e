"""What a rule says, in words: for lists, messages and the back-test."""

import json

from tool_errors.alerts.rule import CountRule, Definition, Filters, FirstSeenRule, RateRule, RegressionRule

_KIND_WORDS = {
    "tool_error": "tool errors",
    "soft_error": "soft errors",
    "unanswered": "unanswered calls",
    "schema_violation": "schema violations",
    "loop": "loops",
}


def describe(definition: Definition) -> str:
    """The condition as a sentence without its full stop."""
    if isinstance(definition, RateRule):
        return (
            f"{definition.tool} fails at {definition.times:g} times the rate of its last week or more, and at "
            f"{definition.rate_at_least:.0%} or more of at least {definition.calls_min} calls within "
            f"{span_words(definition.window_s)}"
        )
    which = filter_words(definition.filters)
    if isinstance(definition, CountRule):
        each = {"rule": "", "issue": " in one issue", "tool": " of one tool"}[definition.per]
        one, many = ("event", "events") if definition.counts == "events" else ("user", "users")
        what = one if definition.at_least == 1 else many
        return f"{definition.at_least} {what} or more{each} within {span_words(definition.window_s)}, {which}"
    if isinstance(definition, FirstSeenRule) and definition.filters.own_signal is not None:
        return f"the first match, {which}"
    if isinstance(definition, FirstSeenRule):
        return f"an issue that was never seen before, {which}"
    if isinstance(definition, RegressionRule):
        return f"a resolved issue that happens again, {which}"
    return f"every {'finding' if definition.filters.own_signal is None else 'match'}, {which}"


def filter_words(filters: Filters) -> str:
    """Which findings count."""
    kinds = [_KIND_WORDS[kind] for kind in filters.kinds or ()]
    parts = [] if filters.own_signal is not None else [", ".join(kinds) or "all kinds"]
    named = ("tool", "issue", "signal", "release", "environment", "user", "conversation", "service", "agent")
    parts += [f"{name} {value}" for name in named if (value := getattr(filters, name)) is not None]
    for name, wanted in (("property", filters.properties), ("user's", filters.traits)):
        parts += [f"{name} {key} {json.dumps(value, ensure_ascii=False)}" for key, value in (wanted or {}).items()]
    return "; ".join(parts)


def span_words(seconds: int) -> str:
    """3600 -> "1 hour"; the largest unit that divides it."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
