"""What a project may ask to be replaced: rules as they are saved, checked before anything is stored by them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import re2

from otlp_receiver.redaction.built_in import BUILT_IN
from otlp_receiver.redaction.fields import CONTENT, ids_among
from trace_store.exceptions import RainbarrelError

Action = Literal["placeholder", "hash"]
ACTIONS: tuple[Action, ...] = get_args(Action)
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
RULES_MAX = 50
PATTERN_CHARS_MAX = 1000
PROGRAM_BYTES_MAX = 1 << 20  # of memory that a compiled pattern may take
FIELDS_MAX = 50
FIELD_CHARS_MAX = 200
_MEMBERS = {"name", "pattern", "action", "fields"}


class BadRedactionRule(RainbarrelError):
    """These are no rules for redaction."""


@dataclass(frozen=True, slots=True)
class RedactionRule:
    """One rule."""

    name: str  # stands in the placeholder; that of a built-in pattern, or one's own
    action: Action = "placeholder"
    pattern: str | None = None  # None: the built-in one of this name
    fields: tuple[str, ...] = (CONTENT,)

    def as_json(self) -> dict[str, Any]:
        """The rule as it is saved and sent."""
        own = {} if self.pattern is None else {"pattern": self.pattern}
        return {"name": self.name, **own, "action": self.action, "fields": list(self.fields)}


def read_rules(value: Any) -> tuple[RedactionRule, ...]:
    """The rules of a JSON value, in the order in which they are asked; BadRedactionRule says which is wrong and why."""
    if not isinstance(value, list):
        raise BadRedactionRule('rules is an array of objects, such as [{"name": "email", "action": "hash"}].')
    if len(value) > RULES_MAX:
        raise BadRedactionRule(f"A project has at most {RULES_MAX} rules; these are {len(value)}.")
    rules = [_read_rule(position, each) for position, each in enumerate(value, 1)]
    names = [rule.name for rule in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadRedactionRule(f"Two rules are called {twice[0]}; a placeholder has to tell which rule it comes from.")
    order = list(BUILT_IN)
    rules.sort(key=lambda rule: order.index(rule.name) if rule.pattern is None else len(order))
    return tuple(rules)


def compile_pattern(name: str, pattern: str) -> "re2._Regexp":
    """A pattern of one's own, in RE2; BadRedactionRule says what is wrong with it."""
    if not pattern or len(pattern) > PATTERN_CHARS_MAX:
        raise BadRedactionRule(
            f"Rule {name}: a pattern has 1 to {PATTERN_CHARS_MAX:,} characters; this one has {len(pattern):,}."
        )
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PROGRAM_BYTES_MAX
    try:
        compiled = re2.compile(pattern, options=options)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else error.args[0]
        raise BadRedactionRule(
            f"Rule {name}: the pattern cannot be used: {said}. It is one of RE2: no look-around, no back-references."
        ) from None
    if compiled.search("") is not None:
        raise BadRedactionRule(
            f"Rule {name}: the pattern matches an empty text, and so everything: ask for at least one character."
        )
    return compiled


def _read_rule(position: int, value: Any) -> RedactionRule:
    if not isinstance(value, Mapping):
        raise BadRedactionRule(f"Rule {position} is no JSON object.")
    if unknown := sorted(map(str, value.keys() - _MEMBERS)):
        raise BadRedactionRule(
            f"Rule {position}: {', '.join(unknown)} is not known; a rule has name, pattern, action, fields."
        )
    name = value.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadRedactionRule(
            f"Rule {position}: a name has 1 to 32 small letters, digits, - and _, and begins with a letter."
        )
    action, pattern = value.get("action", "placeholder"), value.get("pattern")
    if action not in ACTIONS:
        raise BadRedactionRule(f"Rule {name}: action is {' or '.join(ACTIONS)}, not {str(action)[:100]!r}.")
    if pattern is None:
        if name not in BUILT_IN:
            raise BadRedactionRule(f"Rule {name}: it has no pattern, and only {', '.join(BUILT_IN)} need none.")
    elif not isinstance(pattern, str):
        raise BadRedactionRule(f"Rule {name}: pattern is a text.")
    elif name in BUILT_IN:
        raise BadRedactionRule(
            f"Rule {name}: this name belongs to a built-in pattern; leave pattern out, or rename it."
        )
    else:
        compile_pattern(name, pattern)
    fields = _read_fields(name, value.get("fields", [CONTENT]))
    if action == "placeholder" and (ids := ids_among(fields)):
        raise BadRedactionRule(
            f"Rule {name}: with placeholders all values of {ids[0]} would be one; take action hash instead."
        )
    return RedactionRule(name, action, pattern, fields)


def _read_fields(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise BadRedactionRule(f"Rule {name}: fields is an array of names.")
    fields = tuple(dict.fromkeys(each.strip() for each in value if each.strip()))
    if not fields:
        raise BadRedactionRule(f'Rule {name}: fields names none; "{CONTENT}" is all text but ids.')
    if len(fields) > FIELDS_MAX or any(len(each) > FIELD_CHARS_MAX for each in fields):
        raise BadRedactionRule(f"Rule {name}: fields has at most {FIELDS_MAX} names of {FIELD_CHARS_MAX} characters.")
    return fields
