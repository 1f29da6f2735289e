"""Tool calls as the messages of LLM calls tell them: what a model asked for, and the results it was given later."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from tool_errors.calls.llm_calls import TURN_NANO, LlmGroup, end_of, offering_agent
from tool_errors.calls.silent_calls import silent_calls, telling_steps
from tool_errors.findings import SchemaViolation, Verdict
from tool_errors.judged import JudgedFacts
from tool_errors.schema.schema_violations import violations_below
from tool_errors.trace_view import TraceView
from trace_store.facts import Payload, RequestedCall


class Request(NamedTuple):
    """One tool call that a model asked for."""

    call_id: str  # "" when the messages carry none
    name: str
    arguments: Payload | None
    asked_by: bytes  # span id of the LLM call
    asked_unix_nano: int  # start of that LLM call
    known_unix_nano: int  # its end
    position: int  # among the requests of that LLM call
    interaction_id: str | None
    turn: int  # as in RequestedCall
    is_offered: bool  # the span that asks, or its agent's, says what the model was offered ...
    violations: tuple[SchemaViolation, ...]  # ... and the arguments break the tool's schema there
    is_by_call: bool = True  # no model call below the span could have asked instead


class Answer(NamedTuple):
    """One tool result that a model was given."""

    call_id: str
    name: str
    arguments: Payload | None  # as the history repeats them
    result: Payload | None
    verdict: Verdict
    given_to: bytes  # span id of the LLM call
    given_unix_nano: int  # start of that LLM call
    position: int
    interaction_id: str | None


class _Source(NamedTuple):
    span_id: bytes
    start_unix_nano: int
    end_unix_nano: int
    interaction_id: str | None
    judged: tuple[JudgedFacts, ...]
    is_by_call: bool = True  # as in Request
    schemas: Mapping[str, Any] | None = None  # of the tools that only the span of the agent tells


def asked_calls(view: TraceView, groups: list[LlmGroup]) -> tuple[list[Request], list[Answer]]:
    """All requests and all answers of a trace, by time."""
    requests: list[Request] = []
    answers: list[Answer] = []
    for source in _sources(view, groups):
        for position, request in enumerate(_requests_of(source)):
            call = request.call
            asked = source.start_unix_nano + TURN_NANO * call.turn
            requests.append(
                Request(
                    call.call_id,
                    call.name,
                    call.arguments,
                    source.span_id,
                    asked,
                    asked if call.turn else source.end_unix_nano,
                    position,
                    source.interaction_id,
                    call.turn,
                    request.is_offered,
                    request.violations,
                    source.is_by_call,
                )
            )
        answers.extend(_answers_of(source))
    return requests, answers


def _sources(view: TraceView, groups: list[LlmGroup]) -> list[_Source]:
    """Unique LLM calls, and spans that tell messages where nothing below tells any."""
    sources = [
        _Source(
            group.call.span_id,
            group.call.start_unix_nano,
            group.call.end_unix_nano,
            group.call.interaction_id,
            tuple(item for index in group.members if (item := view.judged[index]) is not None),
            schemas=_schemas_above(view, group),
        )
        for group in groups
    ]
    told = [0] * len(view.rows)
    for index, judged in enumerate(view.judged):
        if judged is not None and judged.facts.type != "tool":
            told[index] = int(bool(judged.facts.requested_calls or judged.facts.answered_calls))
    telling = telling_steps(view, silent_calls(view, groups))
    for place, step in telling.items():
        judged = view.judged[step]
        if judged is not None:
            sources[place] = sources[place]._replace(judged=(*sources[place].judged, judged))
    below = view.tree.sums_below(told)
    in_groups = {index for group in groups for index in group.members} | set(telling.values())
    calls_below = view.tree.sums_below([int(index in in_groups) for index in range(len(view.rows))])
    for index, row in enumerate(view.rows):
        judged = view.judged[index]
        if judged is not None and told[index] and not below[index] and index not in in_groups:
            end = end_of(row.start_unix_nano, row.end_unix_nano)
            owner = view.identity[index].interaction_id
            sources.append(_Source(row.span_id, row.start_unix_nano, end, owner, (judged,), not calls_below[index]))
    sources.sort(key=lambda source: (source.start_unix_nano, source.span_id))
    return sources


def _schemas_above(view: TraceView, group: LlmGroup) -> Mapping[str, Any] | None:
    if any((facts := view.facts(index)) is not None and facts.tool_definitions for index in group.members):
        return None
    agent = offering_agent(view, group.members[0])
    judged = None if agent is None else view.judged[agent]
    return None if judged is None else judged.schemas


class _Requested(NamedTuple):
    """A requested call as one span tells it."""

    call_id: str
    name: str
    call: RequestedCall
    is_offered: bool
    violations: tuple[SchemaViolation, ...]


def _requests_of(source: _Source) -> list[_Requested]:
    reports = [
        [
            _Requested(
                call.call_id,
                call.name,
                call,
                bool(judged.facts.tool_definitions),
                judged.request_violations[position] if judged.request_violations else (),
            )
            for position, call in enumerate(judged.facts.requested_calls)
        ]
        for judged in source.judged
    ]
    judged = {call.call_id: call for report in reports for call in report if call.call_id and call.is_offered}
    calls = [call if call.is_offered else judged.get(call.call_id, call) for call in _once(reports)]
    if source.schemas is None:
        return calls
    return [
        call._replace(is_offered=True, violations=violations_below(source.schemas[call.name], call.call.arguments))
        if call.name in source.schemas and not call.is_offered
        else call
        for call in calls
    ]


def _answers_of(source: _Source) -> list[Answer]:
    answers = [
        [
            Answer(
                call.call_id,
                call.name,
                call.arguments,
                call.result,
                verdict,
                source.span_id,
                source.start_unix_nano + (TURN_NANO * call.turn + 1 if call.turn else 0),
                position,
                source.interaction_id,
            )
            for position, (call, verdict) in enumerate(zip(judged.facts.answered_calls, judged.answers, strict=True))
        ]
        for judged in source.judged
    ]
    return _once(answers)


class _Named(Protocol):
    @property
    def call_id(self) -> str: ...
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def _once(of_spans: Sequence[Sequence[_N]]) -> list[_N]:
    """The calls of one LLM call, which several spans may report with and without call ids: the longest report, with
    the ids and calls that only others have."""
    reports = sorted(of_spans, key=lambda calls: (-len(calls), -sum(bool(call.call_id) for call in calls)))
    found: list[_N] = []
    seen: set[str] = set()
    for number, report in enumerate(reports):
        for call in report:
            if not call.call_id:
                if number == 0:
                    found.append(call)
                continue
            if call.call_id in seen:
                continue
            seen.add(call.call_id)
            same = [
                index for index, other in enumerate(found) if number and not other.call_id and other.name == call.name
            ]
            if same:
                found[same[0]] = call
            else:
                found.append(call)
    return found
