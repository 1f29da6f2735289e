"""The user's tool rules of this process: read once at its start."""

from pathlib import Path

from tool_errors.payload_rules import PAYLOAD_RULE_IDS
from tool_errors.tool_rules import NO_TOOL_RULES, ToolRules, read_tool_rules

_in_use: list[ToolRules] = []


def use_tool_rules(path: Path | None) -> None:
    """From now on this process judges with the rules in the file at `path`, or with none. Raises BadToolRules."""
    _in_use[:] = [] if path is None else [read_tool_rules(path, PAYLOAD_RULE_IDS)]


def tool_rules_in_use() -> ToolRules:
    """The rules of `use_tool_rules`; none where nobody said otherwise."""
    return _in_use[0] if _in_use else NO_TOOL_RULES
