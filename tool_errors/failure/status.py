"""The derived status of a tool call with its evidence: explicit statements first, then what the payload says."""

import dataclasses
from typing import NamedTuple

from tool_errors.failure.error_text import bounded_message, is_generic, take_apart
from tool_errors.failure.payload_rules import PAYLOAD_RULES, judge_payload
from tool_errors.failure.tool_rules import NO_TOOL_RULES, ToolRules
from tool_errors.findings import FAILED, Verdict
from trace_store.dialects.failures import CONTROL_FLOW
from trace_store.facts import UNREAD, AnsweredCall, CallStatus, Failure, Payload, SpanFacts


class Rule(NamedTuple):
    """One line of the registry, as pages and docs show it."""

    id: str
    status: CallStatus
    looks_at: str
    example: str
    since: str  # the release that brought it


RULES: tuple[Rule, ...] = (
    Rule("span_status", "error", "the status of the tool's span", "status ERROR, gateway timed out", "0.1"),
    Rule("exception_event", "error", "an exception event on the tool's span", "exception.type ValueError", "0.1"),
    Rule("error_type", "error", "the attribute error.type", "error.type = tool_error", "0.1"),
    Rule("tool_message", "error", "the flag of the tool message that the model was given", '"is_error": true', "0.1"),
    *(Rule(rule.id, "soft_error", rule.looks_at, rule.example, rule.since) for rule in PAYLOAD_RULES),
    Rule("control_flow", "ok", "an exception that steers the run", "exception.type GraphInterrupt", "0.1"),
    Rule("result", "ok", "a result that no rule objects to", '{"temperature": 22}', "0.1"),
    Rule("span_ended", "ok", "a span that ended without error and shows no result", "status UNSET", "0.1"),
    Rule("no_answer", "unanswered", "a request whose result no span and no message shows", "tool_calls[0]", "0.1"),
    Rule("no_answer_yet", "pending", "the same while the trace is live", "tool_calls[0]", "0.1"),
)


def judge(facts: SpanFacts, rules: ToolRules = NO_TOOL_RULES) -> Verdict:
    """The verdict on a tool span from its own facts; its failure, if it states one, comes before its payload."""
    return judge_with(facts, judge_result(facts.result, "result", facts.tool_name or "", rules))


def judge_with(facts: SpanFacts, result: Verdict | None) -> Verdict:
    """The same with what its result alone says."""
    if facts.failure is not None:
        stated = _stated(facts.failure)
        return stated if result is None else most_telling(stated, result)
    if result is not None:
        return result
    return Verdict("ok", "span_ended", "status")


def judge_answer(call: AnsweredCall, rules: ToolRules = NO_TOOL_RULES) -> Verdict:
    """The verdict on a call from the tool message that the next LLM call was given."""
    result = judge_result(call.result, "messages.result", call.name, rules)
    if call.failure is not None:
        stated = _stated(call.failure)
        return stated if result is None else most_telling(stated, result)
    return result or Verdict("ok", "result", "messages")


def judge_result(result: Payload | None, path: str, tool: str = "", rules: ToolRules = NO_TOOL_RULES) -> Verdict | None:
    """What a result alone says, by the user's rules first; None when there is none."""
    if result is None or result.value is UNREAD:
        return None
    if (verdict := rules.judge(tool, result.value, path)) is not None:
        return dataclasses.replace(verdict, message=bounded_message(verdict.message))
    found = judge_payload(result.value, path, rules.off)
    if found is None:
        return Verdict("ok", "result", path)
    rule, place, error = found
    return Verdict("soft_error", rule, place, error.type, bounded_message(error.message))


def _stated(failure: Failure) -> Verdict:
    """The verdict that a stated failure is, unless the exception only steered the run."""
    parts = take_apart(failure.message)
    error_type = failure.type or parts.type
    if CONTROL_FLOW.search(error_type):
        return Verdict("ok", "control_flow", failure.path, error_type)
    # The prefix is the type again or a class that the dialect did not see; either way it is no part of the message.
    return Verdict("error", failure.rule, failure.path, error_type, bounded_message(parts.message))


def most_telling(first: Verdict, second: Verdict) -> Verdict:
    """One verdict of two on the same call: the more explicit failure, with the better message of both."""
    if second.status not in FAILED:
        return first
    if first.status not in FAILED:
        return first if first.rule == "control_flow" else second
    worse, other = (second, first) if first.status == "soft_error" and second.status == "error" else (first, second)
    message = other.message if is_generic(worse.message) and not is_generic(other.message) else worse.message
    return Verdict(worse.status, worse.rule, worse.path, worse.error_type or other.error_type, message or other.message)
