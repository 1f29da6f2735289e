"""The report of a check as text for people and as JSON for programs. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from web.gate.limits import LimitResult, Violation

MESSAGE_CHARS_MAX = 300


def report_text(results: Sequence[LimitResult], trace_count: int) -> str:
    """A line for each limit, then what broke it; no line feed at the end."""
    lines = [_limit_line(result) for result in results]
    for result in results:
        if result.is_over:
            lines += ["", f"{result.limit.what}: {_shown(result)}"]
            for trace in result.traces:
                if trace.found:
                    lines += _trace_lines(trace.trace_id, trace.title, trace.violations)
    over = [result for result in results if result.is_over]
    verdict = f"FAILED: {len(over)} of {len(results)} limits broken" if over else "OK"
    return "\n".join([*lines, "", f"{verdict}, {trace_count} {'trace' if trace_count == 1 else 'traces'} checked"])


def report_json(results: Sequence[LimitResult], trace_count: int) -> dict[str, Any]:
    """`{"ok", "traces", "limits": [{"limit", "what", "found", "allowed", "ok", "violations"}]}`: docs/check.md."""
    return {
        "ok": not any(result.is_over for result in results),
        "traces": trace_count,
        "limits": [
            {
                "limit": result.limit.flag,
                "what": result.limit.what,
                "found": result.found,
                "allowed": result.allowed,
                "ok": not result.is_over,
                "violations": [asdict(violation) for trace in result.traces for violation in trace.violations],
            }
            for result in results
        ],
    }


def violations_text(violations: Sequence[Violation]) -> str:
    """Of each: what failed and what it said, where, and why we think so; the same failure once, with its repeats."""
    return "\n".join(line for repeats in _repeats(violations) for line in _violation_lines(repeats))


def _limit_line(result: LimitResult) -> str:
    mark = "FAIL" if result.is_over else "ok  " if result.allowed is not None else "-   "
    return f"{mark}  {result.limit.what}: {_shown(result)}"


def _shown(result: LimitResult) -> str:
    allowed = "no limit" if result.allowed is None else f"at most {result.allowed:.9g} allowed"
    return f"{result.found:.9g} ({allowed})"


def _trace_lines(trace_id: str, title: str, violations: Sequence[Violation]) -> Iterator[str]:
    yield f"  trace {trace_id}{f'  {one_line(title, 80)}' if title else ''}"
    if violations:
        yield from (f"    {line}" for line in violations_text(violations).split("\n"))


def _repeats(violations: Sequence[Violation]) -> list[list[Violation]]:
    """The violations of one trace, those together that are the same failure again."""
    found: dict[tuple[str, ...], list[Violation]] = {}
    for violation in violations:
        same = (violation.title, violation.error_type, violation.message, violation.rule, violation.path)
        found.setdefault(same, []).append(violation)
    return list(found.values())


def _violation_lines(repeats: Sequence[Violation]) -> Iterator[str]:
    violation = repeats[0]
    kind = f"{one_line(violation.error_type)}: " if violation.error_type else ""
    times = f" ({len(repeats)} times)" if len(repeats) > 1 else ""
    recovered = sum(each.recovered for each in repeats)
    later = (
        " (recovered later)" if recovered == len(repeats) else f" ({recovered} recovered later)" if recovered else ""
    )
    yield f"{one_line(violation.title)}: {kind}{one_line(violation.message)}{times}{later}"
    span = f"span {violation.span_id}" if violation.span_id else ""
    if place := "  ".join(filter(None, (one_line(violation.step), span))):
        yield f"  step: {place}" + (f" and {len(repeats) - 1} more" if len(repeats) > 1 else "")
    if violation.cause:
        yield f"  likely cause: the arguments break the schema at {one_line(violation.cause)}"
    if violation.rule:
        path = f" at {one_line(violation.path)}" if violation.path else ""
        yield f"  rule: {one_line(violation.rule)}{path}"


def one_line(text: str, chars_max: int = MESSAGE_CHARS_MAX) -> str:
    """One line without control characters: texts come from senders."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= chars_max else line[: chars_max - 1] + "…"
