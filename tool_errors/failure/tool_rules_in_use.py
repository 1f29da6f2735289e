"""The users' tool rules of this process: those of a file, read once at its start, and those saved in the database."""

from dataclasses import dataclass, replace
from pathlib import Path

from tool_errors.failure.payload_rules import PAYLOAD_RULE_IDS
from tool_errors.failure.tool_rules import NO_TOOL_RULES, ToolRules, parse_tool_rules, read_tool_rules

SAVED_PLACE = "the rules"  # what sentences about a saved text begin with


@dataclass(slots=True)
class _InUse:
    of_file: ToolRules = NO_TOOL_RULES
    saved_text: str = ""
    saved: ToolRules = NO_TOOL_RULES
    together: ToolRules = NO_TOOL_RULES

    def join(self) -> None:
        self.together = beside(self.of_file, self.saved)


_in_use = _InUse()


def use_tool_rules(path: Path | None) -> None:
    """From now on this process judges with the rules in the file at `path`, or with none. Raises BadToolRules."""
    _in_use.of_file = NO_TOOL_RULES if path is None else read_tool_rules(path, PAYLOAD_RULE_IDS)
    _in_use.join()


def use_saved_tool_rules(text: str) -> None:
    """From now on it judges with those of a saved TOML text, too. Raises BadToolRules; then it keeps what it had."""
    if text != _in_use.saved_text:
        _in_use.saved = read_saved_tool_rules(text)
        _in_use.saved_text = text
        _in_use.join()


def read_saved_tool_rules(text: str) -> ToolRules:
    """The rules of a saved text, called `saved.1`, ...; BadToolRules says what is wrong with it."""
    found = parse_tool_rules(text, SAVED_PLACE, PAYLOAD_RULE_IDS)
    rules = tuple(replace(rule, id=f"saved.{number}") for number, rule in enumerate(found.rules, 1))
    return replace(found, rules=rules)


def beside(of_file: ToolRules, saved: ToolRules) -> ToolRules:
    """Both: those of the file are asked first, and either can switch a built-in rule off."""
    if not saved.rules and not saved.off:
        return of_file
    return ToolRules(of_file.rules + saved.rules, of_file.off | saved.off)


def tool_rules_in_use() -> ToolRules:
    """All of them; none where nobody said otherwise."""
    return _in_use.together


def tool_rules_of_file() -> ToolRules:
    """Those of the file alone."""
    return _in_use.of_file


def tool_rules_saved() -> ToolRules:
    """Those that were saved alone."""
    return _in_use.saved
