"""The registry of rules as a table: for docs/tool_errors.md, `rainbarrel rules` and whoever lists them."""

from typing import Any

from tool_errors.failure.status import RULES


def rules_json() -> list[dict[str, Any]]:
    """Every rule in the order in which it is asked."""
    return [rule._asdict() for rule in RULES]


def rules_markdown() -> str:
    """The table of docs/tool_errors.md; a test holds the two equal."""
    lines = ["| Rule | Status | Looks at | Example | Since |", "|---|---|---|---|---|"]
    for rule in RULES:
        example = rule.example.replace("|", "\\|")
        lines.append(f"| `{rule.id}` | {rule.status} | {rule.looks_at} | `{example}` | {rule.since} |")
    return "\n".join(lines)
