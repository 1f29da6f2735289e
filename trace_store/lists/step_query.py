"""Lines of the step language as a condition on traces."""

from collections.abc import Sequence
from typing import Any

from trace_store.lists.step_language import STATUSES, Step
from trace_store.queries import load

SQL = load("steps")


def steps_condition(steps: Sequence[Step]) -> tuple[str, dict[str, Any]]:
    """` AND ...` on a row of `traces` called t, and its parameters; empty for no steps.

    Each step is an EXISTS within that of the step before, so that any call that fits may be the one that the next step
    follows (`within` needs that).
    """
    if not steps:
        return "", {}
    parameters: dict[str, Any] = {}
    return f" AND {_from(steps, 0, '', parameters)}", parameters


def tools_of(steps: Sequence[Step]) -> list[str]:
    """The tools that a trace must have called."""
    return sorted({step.tool for step in steps if step.tool and not step.is_absent})


def _from(steps: Sequence[Step], n: int, before: str, parameters: dict[str, Any]) -> str:
    """The steps from the n-th on, after the call `before`."""
    step = steps[n]
    matches = _matches(step, n, f"c{n}", before, parameters)
    if step.is_exact or step.times > 1:
        parameters[f"times_{n}"] = step.times
        counted = _matches(step, n, f"m{n}", before, parameters)
        for bound in (SQL.so_many, SQL.no_more) if step.is_exact else (SQL.so_many,):
            matches += " " + _filled(bound, n=n, matches=counted)
    behind = before if step.is_absent else f"c{n}"
    rest = f" AND {_from(steps, n + 1, behind, parameters)}" if n + 1 < len(steps) else ""
    return _filled(SQL.absent_step if step.is_absent else SQL.step, n=n, matches=matches, rest=rest)


def _matches(step: Step, n: int, call: str, before: str, parameters: dict[str, Any]) -> str:
    parts = [SQL.told_here]
    if step.tool:
        parameters[f"tool_{n}"] = step.tool
        parts.append(SQL.of_tool)
    if step.state:
        parameters[f"statuses_{n}"] = list(STATUSES[step.state])
        parts.append(SQL.with_status)
    if before:
        parts.append(SQL.later)
    if before and step.within_ns is not None:
        parameters[f"within_{n}"] = step.within_ns
        parts.append(SQL.soon)
    return "".join(" " + _filled(part, n=n, call=call, before=before) for part in parts)


def _filled(fragment: bytes, **words: object) -> str:
    text = fragment.decode()
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", str(word))
    return text
