"""Limits on what may go wrong in a set of derived traces, and what was found against them. Pure.

A limit holds for all traces together: a run of an agent may be one trace or many, and its tests are one set of files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Trace = Mapping[str, Any]  # the JSON contract of docs/api.md


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that counts against a limit."""

    trace_id: str
    title: str  # the tool, the tools of a loop, or the model
    message: str
    rule: str = ""  # that decided it; of a loop its kind
    path: str = ""  # the place that decided it
    error_type: str = ""
    step: str = ""  # name of the span
    span_id: str = ""
    call_key: str = ""  # of a tool call, as `rainbarrel export-test` takes it
    recovered: bool = False
    fingerprint: str = ""
    cause: str = ""  # of a failure: where the arguments break the schema of the tool


@dataclass(frozen=True, slots=True)
class Limit:
    """One option of the command with its default."""

    name: str  # max_tool_errors
    what: str  # "tool errors", as the report says
    default: float | None  # None: no limit
    find: Callable[[Trace], Iterator[Violation]]
    is_money: bool = False  # counts US dollars, not violations

    @property
    def flag(self) -> str:
        """Its option, such as --max-tool-errors."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class TraceResult:
    """What one trace adds to one limit."""

    trace_id: str
    title: str  # for people: what the user asked, else the name of the first root
    found: float
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class LimitResult:
    """One limit over all traces."""

    limit: Limit
    allowed: float | None  # None: counted only
    traces: tuple[TraceResult, ...]

    @property
    def found(self) -> float:
        """The sum over all traces."""
        return sum(trace.found for trace in self.traces)

    @property
    def is_over(self) -> bool:
        """Whether more was found than is allowed."""
        return self.allowed is not None and self.found > self.allowed


def check(traces: Sequence[Trace], allowed: Mapping[str, float | None]) -> list[LimitResult]:
    """Every limit against all traces; `allowed` has the value of each limit by name."""
    return [
        LimitResult(limit, allowed[limit.name], tuple(_result(limit, trace) for trace in traces)) for limit in LIMITS
    ]


def trace_title(trace: Trace) -> str:
    """What a person knows the trace by."""
    names = {span["span_id"]: span["name"] for span in trace["spans"]}
    root = next((names[root] for root in trace["roots"] if root in names), "")
    return " ".join(str(trace["input"] or root or "").split())


def _result(limit: Limit, trace: Trace) -> TraceResult:
    violations = tuple(limit.find(trace))
    found = float(trace["cost_usd"] or 0) if limit.is_money else len(violations)
    return TraceResult(trace["trace_id"], trace_title(trace), found, violations)


def _calls_with(status: str) -> Callable[[Trace], Iterator[Violation]]:
    def find(trace: Trace) -> Iterator[Violation]:
        names = _step_names(trace)
        for call in trace["tool_calls"]:
            if call["status"] == status and not call["propagated_from"]:
                yield _call_violation(trace, call, names)

    return find


def _schema_violations(trace: Trace) -> Iterator[Violation]:
    """Calls that worked although their arguments break the schema of the tool: of others that is a cause."""
    names = _step_names(trace)
    for call in trace["tool_calls"]:
        if call["status"] == "ok" and call["violation"]:
            found = _call_violation(trace, call, names)
            first = call["violation"][0]
            rule = f"schema.{first['rule']}"
            yield replace(found, message=found.cause, rule=rule, path=first["path"], cause="")


def _call_violation(trace: Trace, call: Mapping[str, Any], names: Mapping[str, str]) -> Violation:
    error = call["error"] or {}
    message = error.get("message") or ("no result was ever seen" if call["status"] == "unanswered" else "")
    evidence = call["evidence"]
    return Violation(
        trace["trace_id"],
        call["name"],
        message,
        rule=evidence["rule"],
        path=evidence["path"],
        error_type=error.get("type") or "",
        step=names.get(call["span_id"] or call["asked_by"] or "", ""),
        span_id=call["span_id"] or "",
        call_key=call["call_key"],
        recovered=bool(error.get("recovered")),
        fingerprint=error.get("fingerprint") or "",
        cause="; ".join(
            f"{found['path'] or 'arguments'}: expected {found['expected']}, got {found['got']}"
            for found in call["violation"] or ()
        ),
    )


def _loops(trace: Trace) -> Iterator[Violation]:
    names = _step_names(trace)
    for loop in trace["loops"]:
        spent = f"{loop['seconds']:.3g} s" + (f", {loop['tokens']} tokens" if loop["tokens"] else "")
        first = loop["span_ids"][0] if loop["span_ids"] else ""
        yield Violation(
            trace["trace_id"],
            " → ".join(loop["tools"]),
            f"{loop['iterations']} repeats, {loop['failures']} failed, {spent}, {loop['ended']}",
            rule=loop["kind"],
            step=names.get(first, ""),
            span_id=first,
            fingerprint=loop["fingerprint"],
        )


def _llm_errors(trace: Trace) -> Iterator[Violation]:
    names = _step_names(trace)
    for call in trace["llm_calls"]:
        if call["error"] is not None:
            yield Violation(
                trace["trace_id"],
                call["model"] or "model call",
                call["error"]["message"] or "",
                error_type=call["error"]["type"] or "",
                step=names.get(call["span_id"], ""),
                span_id=call["span_id"],
            )


def _nothing(trace: Trace) -> Iterator[Violation]:
    return iter(())


def _step_names(trace: Trace) -> dict[str, str]:
    return {span["span_id"]: span["name"] for span in trace["spans"]}


LIMITS: tuple[Limit, ...] = (
    Limit("max_tool_errors", "tool errors", 0, _calls_with("error")),
    Limit("max_soft_errors", "soft errors", 0, _calls_with("soft_error")),
    Limit("max_llm_errors", "failed model calls", 0, _llm_errors),
    Limit("max_loops", "loops", 0, _loops),
    Limit("max_unanswered", "unanswered tool calls", None, _calls_with("unanswered")),
    Limit("max_schema_violations", "calls that break the schema of their tool", None, _schema_violations),
    Limit("max_cost_usd", "cost in USD", None, _nothing, is_money=True),
)


def unpriced_models(traces: Iterable[Trace]) -> list[str]:
    """Models that are in no sum of costs."""
    return sorted({model for trace in traces for model in trace["unpriced_models"]})
