"""Rules that users write in a TOML file: which built-in rules are off, and what the results of their own tools mean.

```toml
off = ["payload.exit_code"]

[[rule]]
tool = "search_*"            # a name or a pattern with * and ?
path = "$.result.code"       # $ is the result; names and [0]; text that is JSON is read as JSON
condition = "!= 0"
status = "soft_error"        # or error, ok
```

Conditions: `== V`, `!= V`, `< V`, `<= V`, `> V`, `>= V`, `contains V`, `exists`, `missing`, with V as in JSON.
The first rule that applies decides, before any built-in payload rule. What a span itself states comes before both.
"""

import fnmatch
import hashlib
import json
import operator
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tool_errors.failure.error_values import found
from tool_errors.findings import Verdict
from trace_store.attributes import parse_text
from trace_store.exceptions import RainbarrelError

RULES_MAX = 1000
FILE_BYTES_MAX = 1024 * 1024
_STATUSES = ("error", "soft_error", "ok")
_STEP = re.compile(r"\.([A-Za-z_][\w\-]*)|\[(\d{1,9})\]")
_CONDITION = re.compile(r"(?P<operator>==|!=|<=|>=|<|>|contains)\s*(?P<value>.+)|(?P<state>exists|missing)")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING = object()


class BadToolRules(RainbarrelError):
    """The file of tool rules cannot be used."""


@dataclass(frozen=True, slots=True)
class ToolRule:
    """One rule of a user."""

    id: str  # "user." and its position in the file, from 1
    tool: str
    path: str
    condition: str
    status: Literal["error", "soft_error", "ok"]
    steps: tuple[str | int, ...]
    operator: str
    value: Any

    def applies(self, tool: str, result: Any) -> bool:
        """Whether the rule is for this tool and its condition holds."""
        if not fnmatch.fnmatchcase(tool, self.tool):
            return False
        held = _at(result, self.steps)
        if self.operator in ("exists", "missing"):
            return (held is not _MISSING) == (self.operator == "exists")
        return held is not _MISSING and _holds(held, self.operator, self.value)


@dataclass(frozen=True, slots=True)
class ToolRules:
    """The content of a file of tool rules."""

    rules: tuple[ToolRule, ...] = ()
    off: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """Names the content of the file, whatever its layout; "" without rules."""
        if not self.rules and not self.off:
            return ""
        said = [[rule.tool, rule.path, rule.condition, rule.status] for rule in self.rules]
        return hashlib.sha256(json.dumps([said, sorted(self.off)]).encode()).hexdigest()[:12]

    def judge(self, tool: str, result: Any, path: str) -> Verdict | None:
        """The verdict of the first rule that applies; None when none does."""
        for rule in self.rules:
            if rule.applies(tool, result):
                place = path + rule.path.removeprefix("$")
                if rule.status == "ok":
                    return Verdict("ok", rule.id, place)
                read = parse_text(result) if isinstance(result, str) else result
                what = found("", read, read if isinstance(read, dict) else {})
                return Verdict(rule.status, rule.id, place, what.type, what.message or f"{rule.path} {rule.condition}")
        return None


NO_TOOL_RULES = ToolRules()


def read_tool_rules(path: Path, known: frozenset[str]) -> ToolRules:
    """The rules of a file; BadToolRules says what is wrong with it. `known` are the ids that `off` may name."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadToolRules(f"{path}: {error.strerror}.") from error
    if len(raw) > FILE_BYTES_MAX:
        raise BadToolRules(f"{path} has {len(raw)} bytes; a file of tool rules has at most {FILE_BYTES_MAX}.")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadToolRules(f"{path} is not TOML: {error}.") from error
    return parse_tool_rules(text, str(path), known)


def parse_tool_rules(text: str, path: str, known: frozenset[str]) -> ToolRules:
    """The rules of a TOML text; BadToolRules, beginning with `path`, says what is wrong with it."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadToolRules(f"{path} is not TOML: {error}.") from error
    if unknown := sorted(content.keys() - {"off", "rule"}):
        raise BadToolRules(f"{path}: there is no key {unknown[0]!r}; the keys are off and [[rule]].")
    off, rules = content.get("off", []), content.get("rule", [])
    if not isinstance(off, list) or not isinstance(rules, list) or len(rules) > RULES_MAX:
        raise BadToolRules(f"{path}: off is a list of rule ids, and there are at most {RULES_MAX} [[rule]] tables.")
    for id_ in off:
        if not isinstance(id_, str) or id_ not in known:
            raise BadToolRules(f"{path}: off names {id_!r}; `rainbarrel rules` lists the payload rules it may name.")
    return ToolRules(tuple(_rule(path, number, table) for number, table in enumerate(rules, 1)), frozenset(off))


def _rule(path: str, number: int, table: Any) -> ToolRule:
    where = f"{path}: rule {number}"
    keys = ("tool", "path", "condition", "status")
    if not isinstance(table, dict) or table.keys() != set(keys) or not all(isinstance(table[k], str) for k in keys):
        raise BadToolRules(f"{where} needs the texts {', '.join(keys)} and nothing else.")
    if table["status"] not in _STATUSES:
        raise BadToolRules(f"{where}: status {table['status']!r} is none of {', '.join(_STATUSES)}.")
    steps = _steps(table["path"])
    if steps is None:
        raise BadToolRules(f"{where}: path {table['path']!r} is not of the form $.name[0].name.")
    match = _CONDITION.fullmatch(table["condition"].strip())
    if match is None:
        raise BadToolRules(f"{where}: condition {table['condition']!r} has no operator; see docs/tool_errors.md.")
    if match["state"]:
        return ToolRule(f"user.{number}", **table, steps=steps, operator=match["state"], value=None)
    try:
        value = json.loads(match["value"])
    except ValueError:
        raise BadToolRules(f"{where}: {match['value']!r} is no JSON value; texts stand in double quotes.") from None
    return ToolRule(f"user.{number}", **table, steps=steps, operator=match["operator"], value=value)


def _steps(path: str) -> tuple[str | int, ...] | None:
    if not path.startswith("$"):
        return None
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        steps.append(match[1] if match[1] is not None else int(match[2]))
        position = match.end()
    return tuple(steps)


def _at(value: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        if isinstance(value, str):
            value = parse_text(value)
        if isinstance(step, str):
            value = value.get(step, _MISSING) if isinstance(value, dict) else _MISSING
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else _MISSING
    return value


def _holds(held: Any, operator_: str, value: Any) -> bool:
    if operator_ in ("==", "!="):
        equal = held == value and isinstance(held, bool) == isinstance(value, bool)
        return equal == (operator_ == "==")
    if operator_ == "contains":
        if isinstance(held, str):
            return isinstance(value, str) and value in held
        return isinstance(held, list | dict) and isinstance(value, str | int | float | bool | None) and value in held
    for number in (held, value):
        if isinstance(number, bool) or not isinstance(number, int | float):
            return False
    return _ORDERS[operator_](held, value)
