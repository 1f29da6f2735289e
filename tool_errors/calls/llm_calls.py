"""Unique LLM calls: a framework's span, a client's span and the provider SDK's own span may all report one call.

Spans are joined by response id, else by nesting, else as siblings of different instrumentations of which one lies
within the time of the other, else, wherever they hang, by the same answer at the same time. Separate attempts of a
retry are separate calls.
"""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tool_errors.calls.told_apart import join_told_apart
from tool_errors.failure.error_text import bounded_message, is_generic, take_apart
from tool_errors.findings import LlmCall
from tool_errors.grouped.groups import Groups
from tool_errors.grouped.told_twice import LOGGED, request_key, response_key, usage_key
from tool_errors.trace_view import TraceView
from trace_store.assembly import NO_PARENT
from trace_store.dialects import REGISTRY
from trace_store.facts import TOOL_DEFINITIONS_MAX, Failure, ModelTurn, SpanFacts

TURN_NANO = 2  # the turns of a whole run have no times of their own, only an order
RECORD_DIALECTS = frozenset(dialect.name for dialect in REGISTRY if dialect.run_keys)  # of agents that send records
_STEPS_ABOVE_MAX = 16  # between a model call and the agent that made it
_SIDE_BY_SIDE_MAX = 8  # siblings that follow a call and are looked at as further reports of it
_CLOCK_NANO = 2_000_000  # what clocks of one process may disagree by


class LlmGroup(NamedTuple):
    """One unique call and the rows that report it, outermost first."""

    call: LlmCall
    members: tuple[int, ...]


class Usage(NamedTuple):
    """Token sums of a trace."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int


NO_USAGE = Usage(0, 0, 0, 0)


def unique_llm_calls(view: TraceView) -> list[LlmGroup]:
    """All calls of models in the trace, by start time."""
    members = [index for index in range(len(view.rows)) if view.is_llm(index) and _says_anything(view, index)]
    groups = Groups(members)
    _join_same_response(view, members, groups)
    _join_siblings(view, members, groups)
    _join_nested(view, members, groups)
    join_told_apart(view, _alike(view, members), groups)
    found = [LlmGroup(_call(view, rows), rows) for rows in groups.all()]
    found.sort(key=lambda group: (group.call.start_unix_nano, group.call.span_id))
    return found


def runs_told_whole(view: TraceView, groups: list[LlmGroup], untold: Sequence[int]) -> list[LlmGroup]:
    """Runs that name their model and their tokens without any call of a model below them: each stands for its calls.

    They are those that its messages tell, or one where nobody tells their number. What a run cost is known so, or that
    its model has no price. `untold` are the `untold_sums`.
    """
    members = {index for group in groups for index in group.members}
    calls_below = view.tree.sums_below([int(index in members) for index in range(len(view.rows))])
    found = []
    for index in untold:
        facts = view.facts(index)
        if facts is not None and facts.model and facts.type != "llm" and not calls_below[index]:
            whole = _call(view, (index,))
            found += [LlmGroup(call, (index,)) for call in _turns(whole, facts.model_turns)]
    return found


def _turns(whole: LlmCall, turns: Sequence[ModelTurn]) -> Iterator[LlmCall]:
    """The turns of a run as calls of their own, as far as its messages tell them; else the run as one.

    They have no times, only an order: that of the tool calls that they ask for.
    """
    if not turns:
        yield whole
    for number, turn in enumerate(turns, 1):
        yield dataclasses.replace(
            whole,
            turn=number,
            start_unix_nano=whole.start_unix_nano + TURN_NANO * number,
            model=turn.model or whole.model,
            input_tokens=turn.input_tokens,
            output_tokens=turn.output_tokens,
            cached_tokens=turn.cached_tokens,
            reasoning_tokens=turn.reasoning_tokens,
            finish_reason=turn.finish_reason,
            time_to_first_token_ns=None,
            sent_cost_nano_usd=None,
        )


def token_usage(view: TraceView, groups: list[LlmGroup], untold: Sequence[int]) -> Usage:
    """Tokens of the unique calls, and of spans that repeat sums where nothing below them tells the parts (`untold`)."""
    told = [(call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens) for call, _ in groups]
    told += [_tokens(facts) for index in untold if (facts := view.facts(index)) is not None]
    return Usage(*(sum(value or 0 for value in values) for values in zip(*told, strict=True))) if told else NO_USAGE


def untold_sums(view: TraceView, groups: list[LlmGroup]) -> list[int]:
    """The spans that tell sums of tokens while no call of a model below them tells any; the topmost of them."""
    counted = [0] * len(view.rows)
    for group in groups:
        call = group.call
        if any((call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens)):
            for member in group.members:
                counted[member] = 1
    below = view.tree.sums_below(counted)
    covered = [False] * len(view.rows)  # a span above was counted already
    turns_below = view.tree.sums_below(
        [int((facts := view.facts(index)) is not None and bool(facts.model_turns)) for index in range(len(view.rows))]
    )
    found = []
    for index, row in enumerate(view.rows):
        covered[index] = row.parent_index != NO_PARENT and covered[row.parent_index]
        facts = view.facts(index)
        if (
            covered[index]
            or counted[index]
            or below[index]
            or facts is None
            or facts.type not in ("agent", "chain", "llm")
        ):
            continue
        if facts.model_turns and turns_below[index]:  # the messages of runs below it, of one of several perhaps
            continue
        if any(_tokens(facts)) or facts.model_turns:
            covered[index] = True
            found.append(index)
    return found


def end_of(start_unix_nano: int, end_unix_nano: int) -> int:
    """The end of an interval, also of one that has not ended or ends before it starts."""
    return max(start_unix_nano, end_unix_nano)


def _says_anything(view: TraceView, index: int) -> bool:
    """Some instrumentations mark preparations as LLM spans: nothing was asked and nothing was answered there."""
    facts = view.facts(index)
    return facts is not None and bool(
        facts.model
        or facts.response_id
        or facts.failure
        or facts.output_text
        or facts.requested_calls
        or any(_tokens(facts))
    )


def _tokens(facts: SpanFacts) -> tuple[int | None, int | None, int | None, int | None]:
    return facts.input_tokens, facts.output_tokens, facts.cached_tokens, facts.reasoning_tokens


def _join_same_response(view: TraceView, members: list[int], groups: Groups) -> None:
    """One response id is one response, as long as the spans overlap: some servers give every answer the same id.

    Log records of one response lie close by each other: their times are those of writing them.
    """
    by_id: dict[str, list[int]] = defaultdict(list)
    for index in members:
        facts = view.facts(index)
        if facts is not None and facts.response_id:
            by_id[facts.response_id].append(index)
    for rows in by_id.values():
        rows.sort(key=lambda index: view.rows[index].start_unix_nano)
        for earlier, later in itertools.pairwise(rows):
            logged = any((facts := view.facts(index)) is not None and facts.from_log for index in (earlier, later))
            if logged or view.rows[later].start_unix_nano <= _end(view, earlier):
                groups.join(earlier, later)


def _join_siblings(view: TraceView, members: list[int], groups: Groups) -> None:
    """Two instrumentations side by side: different dialects under one parent, one within the time of the other.

    Each call is joined with the nearest of another dialect, so that calls made at the same time stay apart.
    """
    by_parent: dict[int, list[int]] = defaultdict(list)
    for index in members:
        by_parent[view.rows[index].parent_index].append(index)
    for parent, rows in by_parent.items():
        if parent == NO_PARENT or len(rows) == 1:
            continue
        joined: set[tuple[int, str]] = set()
        for _, outer, inner in sorted(_side_by_side(view, rows)):
            told = {index: facts.dialect for index in (outer, inner) if (facts := view.facts(index)) is not None}
            if (outer, told[inner]) not in joined and (inner, told[outer]) not in joined:
                joined |= {(outer, told[inner]), (inner, told[outer])}
                groups.join(outer, inner)


def _side_by_side(view: TraceView, rows: list[int]) -> Iterator[tuple[int, int, int]]:
    """Pairs of siblings that may be one call, and how far apart they begin and end.

    Clocks of JavaScript begin spans at whole milliseconds, so that either of two may seem to begin first.
    """
    for position, outer in enumerate(rows):
        start, end = view.rows[outer].start_unix_nano, _end(view, outer)
        slack = _CLOCK_NANO + (end - start) // 20
        for inner in rows[position + 1 : position + 1 + _SIDE_BY_SIDE_MAX]:
            first, second = view.facts(outer), view.facts(inner)
            later = _end(view, inner) - end
            if later > slack or first is None or second is None or first.dialect == second.dialect:
                continue
            if not (first.response_id and second.response_id):
                yield view.rows[inner].start_unix_nano - start + abs(later), outer, inner


def _join_nested(view: TraceView, members: list[int], groups: Groups) -> None:
    """A span with LLM spans directly below it is the wrapper of the last of them; those before were attempts."""
    inside: dict[int, list[int]] = defaultdict(list)
    among = set(members)
    for index in members:
        above = view.boundary[index]
        if above != NO_PARENT and above in among:
            inside[above].append(index)
    for outer, rows in inside.items():
        outer_id = _response_id(view, outer)
        last = max(rows, key=lambda index: (_end(view, index), index))
        inner_id = _response_id(view, last)
        if not (outer_id and inner_id and outer_id != inner_id):
            groups.join(outer, last)


def _alike(view: TraceView, members: list[int]) -> Iterable[Sequence[int]]:
    """The rows that tell one answer, with its tokens, or a failure of one question."""
    told: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index in members:
        facts = view.facts(index)
        if facts is not None and (answer := _answer(facts)):
            told[answer].append(index)
    return told.values()


def _answer(facts: SpanFacts) -> tuple[object, ...]:
    """What tells one answer from another; nothing where too little is told."""
    if facts.failure is not None:
        return ("failed", facts.input_text) if facts.input_text else ()
    calls = tuple(sorted(call.call_id for call in facts.requested_calls if call.call_id))
    if facts.input_tokens is None or facts.output_tokens is None or not (calls or facts.output_text):
        return ()
    return facts.input_tokens, facts.output_tokens, calls or facts.output_text


def _response_id(view: TraceView, index: int) -> str | None:
    facts = view.facts(index)
    return None if facts is None else facts.response_id


def _end(view: TraceView, index: int) -> int:
    row = view.rows[index]
    return end_of(row.start_unix_nano, row.end_unix_nano)


def _call(view: TraceView, rows: tuple[int, ...]) -> LlmCall:
    """What the members of a group say together; tokens are taken from one of them, never mixed."""
    known = [facts for index in reversed(rows) if (facts := view.facts(index)) is not None]  # innermost first
    usage = max(known, key=lambda facts: sum(value is not None for value in _tokens(facts)))
    outer = view.rows[rows[0]]
    failure = _failure(known)
    offering = next((facts for facts in known if facts.tool_definitions), None)
    if offering is None and (agent := offering_agent(view, rows[0])) is not None:
        offering = view.facts(agent)
    response = next((key for facts in known if (key := response_key(facts.response_id)) is not None), None)
    if response is None and failure is not None:
        response = request_key(facts.failure.message for facts in known if facts.failure is not None)
    elif response is None and not RECORD_DIALECTS.isdisjoint(facts.dialect for facts in known):
        response = usage_key(view.identity[rows[0]].conversation_id, usage.input_tokens)
    return LlmCall(
        span_id=outer.span_id,
        span_ids=tuple(view.rows[index].span_id for index in rows),
        start_unix_nano=outer.start_unix_nano,
        end_unix_nano=max(_end(view, index) for index in rows),
        model=usage.model or next((facts.model for facts in known if facts.model), None),
        provider=usage.provider or next((facts.provider for facts in known if facts.provider), None),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        interaction_id=view.identity[rows[-1]].interaction_id,
        error_type=None if failure is None else failure.type,
        error_message=None if failure is None else failure.message,
        finish_reason=next((facts.finish_reason for facts in known if facts.finish_reason), None),
        time_to_first_token_ns=next(
            (facts.time_to_first_token_ns for facts in known if facts.time_to_first_token_ns is not None), None
        ),
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        sent_cost_nano_usd=usage.sent_cost_nano_usd
        or next((facts.sent_cost_nano_usd for facts in known if facts.sent_cost_nano_usd), None),
        tool_definitions=offering.tool_definitions[:TOOL_DEFINITIONS_MAX] if offering else (),
        tool_definition_count=offering.tool_definition_count if offering else 0,
        response_key=response,
        told_by="" if response is None else ",".join(sorted({_teller(facts) for facts in known})),
    )


def _teller(facts: SpanFacts) -> str:
    return facts.dialect + LOGGED if facts.from_log else facts.dialect


def offering_agent(view: TraceView, index: int) -> int | None:
    """What tells the tools of a call that does not: the nearest span above it, up to the agent that made the call."""
    for _ in range(_STEPS_ABOVE_MAX):
        index = view.rows[index].parent_index
        facts = None if index == NO_PARENT else view.facts(index)
        if index == NO_PARENT or (facts is not None and facts.type == "tool"):
            return None
        if facts is not None and facts.tool_definitions:
            return index
        if facts is not None and facts.type == "agent":
            return None
    return None


def _failure(known: list[SpanFacts]) -> Failure | None:
    """The failure with the most telling text, its type and message separated."""
    failures = [facts.failure for facts in known if facts.failure is not None]
    if not failures:
        return None
    best = next((failure for failure in failures if not is_generic(failure.message)), failures[0])
    parts = take_apart(best.message)
    error_type = best.type or parts.type or next((failure.type for failure in failures if failure.type), "")
    return Failure(best.rule, best.path, error_type, bounded_message(parts.message))
