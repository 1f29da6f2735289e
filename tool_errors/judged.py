"""Judged facts: what one span says, the verdicts on its calls, and both as the JSON that the store keeps of it.

Verdicts are made once, while the payloads are at hand. The JSON holds digests, previews of 400 bytes and error
messages of 4 KiB. Everything that derive decides is decided on what it holds, so that fresh facts and facts read
back give the same trace.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from tool_errors.bounded_facts import bounded_facts, bounded_verdict, text_preview
from tool_errors.failure.status import judge_answer, judge_result, judge_with
from tool_errors.failure.tool_rules import NO_TOOL_RULES, ToolRules
from tool_errors.findings import SchemaViolation, Verdict
from tool_errors.schema.schema_violations import (
    offered_schemas,
    own_violations,
    request_violations,
    violations_json,
    violations_read,
)
from trace_store.facts import (
    TOOL_DEFINITIONS_MAX,
    AnsweredCall,
    Failure,
    ModelTurn,
    Payload,
    RequestedCall,
    SpanFacts,
    ToolDefinition,
)
from trace_store.model import SpanVersion
from trace_store.quickly_made import quickly_made

DETECTOR_VERSION = 7  # raise with every change of a rule or pattern that alters a verdict: `reprocess` looks at it

_IDS = ("trace_id", "span_id", "parent_span_id")
_PAYLOADS = ("arguments", "result")
_TEXTS = ("input_text", "output_text")
_VERDICTS = ("verdict", "result_verdict")
_TOOLS = ("model_turns", "tool_definitions", "tool_definition_count")
_APART = frozenset({*_IDS, *_PAYLOADS, *_TEXTS, "failure", "requested_calls", "answered_calls", "unmapped", *_TOOLS})
_PLAIN = tuple(field.name for field in dataclasses.fields(SpanFacts) if field.name not in _APART)
_DEFAULTS = tuple(field.default for field in dataclasses.fields(SpanFacts) if field.name not in _APART)
_plain_of = attrgetter(*_PLAIN)


@quickly_made
@dataclass(frozen=True, slots=True)
class JudgedFacts:
    """One version of one span as a dialect and the rules understand it."""

    version: SpanVersion
    facts: SpanFacts
    verdict: Verdict | None = None  # on the call that a tool span is; None for spans of other types
    result_verdict: Verdict | None = None  # what its result alone says
    answers: tuple[Verdict, ...] = ()  # on each of facts.answered_calls
    request_violations: tuple[tuple[SchemaViolation, ...], ...] = ()  # of each of facts.requested_calls, if of any
    own_violations: tuple[SchemaViolation, ...] = ()  # of the schema that the span of a tool says itself
    schemas: Mapping[str, Any] | None = None  # by tool, of an agent's span: for the model calls below it


def judge_facts(facts: SpanFacts, version: SpanVersion, rules: ToolRules = NO_TOOL_RULES) -> JudgedFacts:
    """Judge the calls of one span; facts and verdicts come out within the bounds of their row."""
    facts = bounded_facts(facts)
    answers = tuple(bounded_verdict(judge_answer(call, rules)) for call in facts.answered_calls)
    violations = request_violations(facts)
    if facts.type != "tool":
        schemas = offered_schemas(facts) if facts.tool_definitions else None
        return JudgedFacts(version, facts, answers=answers, request_violations=violations, schemas=schemas)
    result = judge_result(facts.result, "result", facts.tool_name or "", rules)
    judged = judge_with(facts, result)
    verdict = bounded_verdict(judged)
    result_verdict = verdict if judged is result else result and bounded_verdict(result)
    return JudgedFacts(version, facts, verdict, result_verdict, answers, violations, own_violations(facts))


def to_row(judged: JudgedFacts) -> dict[str, Any]:
    """The JSON object that the store keeps: bounded, without NUL, and without keys for what is absent."""
    facts = judged.facts
    version = judged.version
    row: dict[str, Any] = {key: getattr(facts, key).hex() for key in _IDS}
    row["version"] = [version.end_unix_nano, version.raw_length, version.digest.hex()]
    plain = zip(_PLAIN, _DEFAULTS, _plain_of(facts), strict=True)
    row |= {name: value for name, default, value in plain if value != default}
    for key in _PAYLOADS:
        if (payload := getattr(facts, key)) is not None:
            row[key] = _payload_json(payload)
    row |= {key: text_preview(text) for key in _TEXTS if (text := getattr(facts, key)) is not None}
    if facts.failure is not None:
        row["failure"] = [facts.failure.rule, facts.failure.path, facts.failure.type, facts.failure.message]
    if facts.requested_calls:
        row["requested_calls"] = [
            [call.call_id, call.name, _payload_json(call.arguments), *_turn(call)] for call in facts.requested_calls
        ]
    if facts.answered_calls:
        row["answered_calls"] = [
            [call.call_id, call.name, _payload_json(call.result), _payload_json(call.arguments), *_turn(call)]
            for call in facts.answered_calls
        ]
        row["answers"] = [_verdict_json(verdict) for verdict in judged.answers]
    if facts.model_turns:
        row["model_turns"] = [[*turn] for turn in facts.model_turns]
    if facts.tool_definitions:
        row |= _tools_json(facts)
    row |= _violations_json(judged)
    for key in _VERDICTS:
        if (verdict := getattr(judged, key)) is not None:
            row[key] = _verdict_json(verdict)
    return row


def from_row(
    row: Mapping[str, Any], told: Mapping[str, Any] | None = None, version: SpanVersion | None = None
) -> JudgedFacts:
    """The judged facts of a row that `to_row` made; payload values are unread, texts are their previews.

    `told` are fields of SpanFacts, and `version` that of the span, where the row leaves them out.
    """
    if "version" in row:
        end_unix_nano, raw_length, digest = row["version"]
        version = SpanVersion(end_unix_nano, raw_length, bytes.fromhex(digest))
    elif version is None:
        raise ValueError("nothing tells the version of the span")
    facts = {} if told is None else dict(told)
    for key, value in row.items():
        if key in _OF_FACTS:
            read = _READ.get(key)
            facts[key] = value if read is None else read(value)
    if "tool_definitions" in facts:
        facts.setdefault("tool_definition_count", len(facts["tool_definitions"]))
    return JudgedFacts(
        version=version,
        facts=SpanFacts(**facts),
        verdict=_verdict(row.get("verdict")),
        result_verdict=_verdict(row.get("result_verdict")),
        answers=tuple(Verdict(*verdict) for verdict in row.get("answers", ())),
        request_violations=tuple(violations_read(held) for held in row.get("request_violations", ())),
        own_violations=violations_read(row.get("own_violations", ())),
        schemas=row.get("schemas"),
    )


def _tools_json(facts: SpanFacts) -> dict[str, Any]:
    found: dict[str, Any] = {
        "tool_definitions": [each.digest.hex() for each in facts.tool_definitions[:TOOL_DEFINITIONS_MAX]]
    }
    if facts.tool_definition_count > TOOL_DEFINITIONS_MAX:
        found["tool_definition_count"] = facts.tool_definition_count
    return found


def _violations_json(judged: JudgedFacts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if judged.request_violations:
        found["request_violations"] = [violations_json(each) for each in judged.request_violations]
    if judged.own_violations:
        found["own_violations"] = violations_json(judged.own_violations)
    if judged.schemas:
        found["schemas"] = judged.schemas
    return found


def _payload_json(payload: Payload | None) -> list[str] | None:
    return None if payload is None else [payload.digest.hex(), payload.preview]


def _payload(held: list[str] | None) -> Payload | None:
    return None if held is None else Payload(bytes.fromhex(held[0]), held[1])


def _requested(held: list[Any]) -> tuple[RequestedCall, ...]:
    return tuple(RequestedCall(call_id, name, _payload(arguments), *turn) for call_id, name, arguments, *turn in held)


def _answered(held: list[Any]) -> tuple[AnsweredCall, ...]:
    return tuple(
        AnsweredCall(call_id, name, _payload(result), _payload(arguments), turn=turn[0] if turn else 0)
        for call_id, name, result, arguments, *turn in held
    )


def _turn(call: RequestedCall | AnsweredCall) -> tuple[int, ...]:
    return (call.turn,) if call.turn else ()


def _verdict_json(verdict: Verdict) -> list[str]:
    return [verdict.status, verdict.rule, verdict.path, verdict.error_type, verdict.message]


def _verdict(held: list[Any] | None) -> Verdict | None:
    return None if held is None else Verdict(*held)


_OF_FACTS = frozenset(field.name for field in dataclasses.fields(SpanFacts))
_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_IDS, bytes.fromhex),
    **dict.fromkeys(_PAYLOADS, _payload),
    "failure": lambda held: Failure(*held),
    "requested_calls": _requested,
    "answered_calls": _answered,
    "model_turns": lambda held: tuple(ModelTurn(*turn) for turn in held),
    "tool_definitions": lambda held: tuple(ToolDefinition(bytes.fromhex(digest)) for digest in held),
}
