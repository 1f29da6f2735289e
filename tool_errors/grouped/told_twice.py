"""Calls of models that two traces tell: each by a library that makes traces of its own.

LangSmith around Anthropic's client exports spans of its own, while those of the client stand in another trace. Both
tell the id that the provider gave to its answer, so both tell one call. It counts once, in the trace that tells more.

A refused call has no answer; there the id counts that the provider gave to the request, as far as the error tells it.

Ids are believed with care, since some servers repeat theirs: both calls must be told by different libraries, overlap in
time and not contradict each other.
"""

import dataclasses
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tool_errors.findings import DerivedTrace, LlmCall, LlmCallKey
from tool_errors.grouped.groups import Groups

RESPONSE_ID_LENGTH_MIN, RESPONSE_ID_LENGTH_MAX = 8, 200
RESPONSE_ID_CHARACTERS_MIN = 6  # different ones: "00000000" and "response" name nothing
CALL_DURATION_MAX_NS = 3600 * 1_000_000_000  # a call that began earlier is not looked for
RECORD_DELAY_MAX_NS = 2 * 1_000_000_000  # between a log record and the span of the same call, one after the other
LOGGED = " (log)"  # behind the name of a dialect in `told_by`: log records tell the call
TELLERS_LOOKED_AT = 16  # calls with one id that began after another: a server repeats it when there are more
# "'request_id': 'req_011CSe…'" of Anthropic, "(Request ID: 8f0c…)" of others: a long name with a digit
_REQUEST_ID = re.compile(r"request[ _-]?id\W{1,6}((?=[a-z_-]*[0-9])[a-z0-9][\w-]{15,198})", re.ASCII | re.IGNORECASE)


class _Teller(NamedTuple):
    """A call that bears a response id, in the trace that tells it."""

    start_unix_nano: int
    trace_id: bytes
    place: int  # of the trace
    call: LlmCall


def response_key(response_id: str | None) -> int | None:
    """A number that stands for the id of a provider's answer; None for one that may stand for several answers.

    Made of SHA-256, a signed integer of 64 bits.
    """
    if response_id is None or not RESPONSE_ID_LENGTH_MIN <= len(response_id) <= RESPONSE_ID_LENGTH_MAX:
        return None
    if len(set(response_id)) < RESPONSE_ID_CHARACTERS_MIN:
        return None
    return int.from_bytes(hashlib.sha256(response_id.encode("utf-8", "replace")).digest()[:8], signed=True)


def request_key(messages: Iterable[str]) -> int | None:
    """As `response_key`, of the one request that the messages of a failed call name; None for none or several.

    Every attempt is a request of its own, so that two attempts never have one key.
    """
    named = {request_id for message in messages for request_id in _REQUEST_ID.findall(message)}
    return response_key(f"request {named.pop()}") if len(named) == 1 else None


def usage_key(conversation_id: str | None, input_tokens: int | None) -> int | None:
    """As `response_key`, of a call that a coding agent tells by a span and by a log record, neither with an id: the
    tokens of its input in its conversation. None where these are not told."""
    return response_key(f"input {conversation_id} {input_tokens}") if conversation_id and input_tokens else None


def telling_pairs(traces: Sequence[DerivedTrace]) -> Iterator[tuple[int, int]]:
    """Places of every two traces of which both tell one call."""
    for one, other in _twins(traces):
        yield one.place, other.place


def told_elsewhere(traces: Sequence[DerivedTrace]) -> dict[LlmCallKey, LlmCallKey]:
    """For each call that another of the traces tells too, and counts, that trace and the span there."""
    pairs = list(_twins(traces))
    tellers = list({(teller.trace_id, teller.call.span_id): teller for pair in pairs for teller in pair}.items())
    number = {key: index for index, (key, _) in enumerate(tellers)}
    groups = Groups(range(len(tellers)))
    for one, other in pairs:
        groups.join(number[one.trace_id, one.call.span_id], number[other.trace_id, other.call.span_id])
    found: dict[LlmCallKey, LlmCallKey] = {}
    for members in groups.all():
        ranked = sorted(members, key=lambda member: _rank(traces[tellers[member][1].place], tellers[member][1]))
        counted, *others = (tellers[member][0] for member in ranked)
        found |= dict.fromkeys(others, counted)
    return found


def without_told(trace: DerivedTrace, told_in: Mapping[LlmCallKey, bytes]) -> DerivedTrace:
    """A trace with the tokens of those calls alone that no other trace counts; `told_in` says where others count."""
    told = [call for call in trace.llm_calls if not call.turn and (trace.trace_id, call.span_id) in told_in]
    if not told:
        return trace
    keys = {call.span_id for call in told}
    calls = tuple(
        dataclasses.replace(call, told_in=told_in[trace.trace_id, call.span_id])
        if not call.turn and call.span_id in keys
        else call
        for call in trace.llm_calls
    )
    return dataclasses.replace(_with_tokens(trace, told, -1), llm_calls=calls)


def with_told(trace: DerivedTrace, told: Collection[LlmCall]) -> DerivedTrace:
    """The other way round: a trace without the tokens of the `told` calls, with them again."""
    return _with_tokens(trace, told, 1) if told else trace


def _with_tokens(trace: DerivedTrace, calls: Collection[LlmCall], sign: int) -> DerivedTrace:
    return dataclasses.replace(
        trace,
        input_tokens=trace.input_tokens + sign * sum(call.input_tokens or 0 for call in calls),
        output_tokens=trace.output_tokens + sign * sum(call.output_tokens or 0 for call in calls),
        cached_tokens=trace.cached_tokens + sign * sum(call.cached_tokens or 0 for call in calls),
        reasoning_tokens=trace.reasoning_tokens + sign * sum(call.reasoning_tokens or 0 for call in calls),
    )


def _twins(traces: Sequence[DerivedTrace]) -> Iterator[tuple[_Teller, _Teller]]:
    """Every two calls of different traces that are one. Whether they are depends on these two traces alone."""
    by_key: dict[int, list[_Teller]] = defaultdict(list)
    for place, trace in enumerate(traces):
        keys = Counter(call.response_key for call in trace.llm_calls)
        for call in trace.llm_calls:
            if call.response_key is not None and not call.turn and keys[call.response_key] == 1:
                by_key[call.response_key].append(_Teller(call.start_unix_nano, trace.trace_id, place, call))
    for tellers in by_key.values():
        tellers.sort(key=lambda teller: teller[:2])
        for index, one in enumerate(tellers):
            for other in tellers[index + 1 : index + 1 + TELLERS_LOOKED_AT]:
                if _are_one(traces[one.place], one.call, traces[other.place], other.call):
                    yield one, other


def _are_one(trace: DerivedTrace, call: LlmCall, other_trace: DerivedTrace, other: LlmCall) -> bool:
    """Whether `other`, which began later, is the same call, told by another library."""
    if trace.trace_id == other_trace.trace_id or call.told_by == other.told_by:
        return False
    ended = call.end_unix_nano + (RECORD_DELAY_MAX_NS if LOGGED in call.told_by + other.told_by else 0)
    if other.start_unix_nano > min(ended, call.start_unix_nano + CALL_DURATION_MAX_NS):
        return False
    conversations = {trace.conversation_id, other_trace.conversation_id} - {None}
    return len(conversations) < 2 and _may_be_one_output(call, other) and _may_be_one_model(call.model, other.model)


def _may_be_one_output(one: LlmCall, other: LlmCall) -> bool:
    """Some count reasoning beside the output; and of the input not all count what was cached."""
    counts = [call.output_tokens for call in (one, other)]
    if None in counts or counts[0] == counts[1]:
        return True
    more, less = (one, other) if (one.output_tokens or 0) > (other.output_tokens or 0) else (other, one)
    return not less.reasoning_tokens and more.output_tokens == (less.output_tokens or 0) + (more.reasoning_tokens or 0)


def _may_be_one_model(one: str | None, other: str | None) -> bool:
    """Some tell the model that was asked for and some the one that answered, whose name goes on with its date."""
    if not one or not other:
        return True
    first, second = sorted((name.lower().rpartition("/")[2] for name in (one, other)), key=len)
    return second.startswith(first)


def _rank(trace: DerivedTrace, teller: _Teller) -> tuple[bool, bool, bool, bool, bool, int, int, int, bytes]:
    """The least of several is where a call counts: where its use is known, then where most is known around it."""
    call = teller.call
    return (
        call.output_tokens is None,
        call.cost_nano_usd is None,
        not trace.interaction_ids,
        trace.conversation_id is None,
        trace.user_id is None,
        -len(trace.tool_calls),
        -len(trace.llm_calls),
        call.start_unix_nano,
        trace.trace_id,
    )
