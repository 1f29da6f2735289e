"""Unique tool calls of a trace: from spans, requests and answers to calls with a verdict."""

import dataclasses

from tool_errors.calls.asked_calls import asked_calls
from tool_errors.calls.llm_calls import LlmGroup
from tool_errors.calls.matching import Draft, match_calls
from tool_errors.calls.silent_calls import AskedInOrder, silent_calls
from tool_errors.calls.tool_spans import holds_object, span_calls
from tool_errors.calls.turns_inside import with_turns
from tool_errors.failure.fingerprint import fingerprint
from tool_errors.failure.propagation import propagated_from
from tool_errors.failure.recovery import recovered_calls
from tool_errors.failure.status import most_telling
from tool_errors.findings import FAILED, SchemaViolation, ToolCall, Verdict
from tool_errors.trace_view import TraceView
from trace_store.facts import Payload


def unique_tool_calls(view: TraceView, groups: list[LlmGroup], trace_id: bytes, *, live: bool) -> list[ToolCall]:
    """All tool calls of the trace, by start time, judged and with what became of their failures."""
    requests, answers = asked_calls(view, groups)
    drafts = match_calls(span_calls(view, live=live), requests, answers)
    in_order = AskedInOrder(view, groups, silent_calls(view, groups))
    taken: set[str] = set()
    calls = []
    for draft in drafts:
        call = _call(draft, trace_id, taken, live=live)
        if call.asked_by is None and draft.spans and (asker := in_order.asker(draft.spans[0].rows[0])):
            call = dataclasses.replace(call, asked_by=asker)
        taken.add(call.call_key)
        calls.append(call)
    origins = propagated_from(view, calls)
    calls = [
        dataclasses.replace(call, propagated_from=origins[call.call_key]) if call.call_key in origins else call
        for call in calls
    ]
    calls = with_turns(view, calls)
    recovered = recovered_calls(calls)
    return [
        dataclasses.replace(call, recovered=True) if (trace_id, call.call_key) in recovered else call for call in calls
    ]


def _call(draft: Draft, trace_id: bytes, taken: set[str], *, live: bool) -> ToolCall:
    spans, request, answer = draft.spans, draft.request, draft.answer
    name = draft.name
    verdict = _verdict(draft, live=live)
    if verdict.status in FAILED:
        error_type, message = verdict.error_type, verdict.message
        mark = fingerprint(name, error_type, message)
        verdict = Verdict(verdict.status, verdict.rule, verdict.path, error_type, message, mark)
    start = draft.start_unix_nano
    end = max(span.end_unix_nano for span in spans) if spans else (answer.given_unix_nano if answer else start)
    owners = [source.interaction_id for source in (*spans, request, answer) if source is not None]
    return ToolCall(
        trace_id=trace_id,
        call_key=_key(draft, taken),
        span_id=spans[0].span_ids[0] if spans else None,
        span_ids=tuple(span_id for span in spans for span_id in span.span_ids),
        call_id=draft.call_id or None,
        name=name,
        arguments=_arguments(draft),
        result=next((span.result for span in reversed(spans) if span.result), answer.result if answer else None),
        asked_by=request.asked_by if request and request.is_by_call else None,
        start_unix_nano=start,
        end_unix_nano=max(start, end),
        interaction_id=next((owner for owner in owners if owner), None),
        verdict=verdict,
        asked_turn=request.turn if request else 0,
        violations=_violations(draft),
    )


def _key(draft: Draft, taken: set[str]) -> str:
    """The stable name of a call inside its trace."""
    if draft.spans:
        return draft.spans[0].span_ids[0].hex()
    candidates = [f"call:{draft.call_id}"] if draft.call_id else []
    if draft.request is not None:
        candidates.append(f"asked:{draft.request.asked_by.hex()}:{draft.request.position}")
    if draft.answer is not None:
        given_to = draft.answer.given_to.hex()
        candidates += [f"answered:{given_to}:{n}" for n in range(draft.answer.position, draft.answer.position + 100)]
    return next((key for key in candidates if key not in taken), f"call:{len(taken)}:{draft.call_id}")


def _arguments(draft: Draft) -> Payload | None:
    """The arguments with their names where any source has them; the span's own where it makes no difference."""
    known = [span.arguments for span in draft.spans]
    known += [source.arguments for source in (draft.request, draft.answer) if source is not None]
    present = [arguments for arguments in known if arguments is not None]
    return next((arguments for arguments in present if holds_object(arguments)), present[0] if present else None)


def _violations(draft: Draft) -> tuple[SchemaViolation, ...]:
    """Of what the model was offered, where that is known: a framework may add to the arguments that it hands on."""
    if draft.request is not None and draft.request.is_offered:
        return draft.request.violations
    return next((span.violations for span in draft.spans if span.violations), ())


def _verdict(draft: Draft, *, live: bool) -> Verdict:
    """Of several attempts the last; what the model was told counts as well as what the span says."""
    verdict = draft.spans[-1].verdict if draft.spans else None
    answer = draft.answer.verdict if draft.answer is not None else None
    if answer is None:
        if verdict is not None:
            return verdict
        return _unanswered(draft, live=live)
    if verdict is None or verdict.status in ("pending", "unanswered"):
        return answer
    return most_telling(verdict, answer)


def _unanswered(draft: Draft, *, live: bool) -> Verdict:
    path = f"requested_calls[{draft.request.position}]" if draft.request else ""
    return Verdict("pending", "no_answer_yet", path) if live else Verdict("unanswered", "no_answer", path)
