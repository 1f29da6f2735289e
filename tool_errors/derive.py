"""Derive: one trace from its spans and judged facts.

A pure function of the set of spans: no order of arrival, no duplicate and no earlier result can change it. Facts
read back from their rows give the same trace as fresh ones, but for full payloads and texts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tool_errors.bounded_facts import text_preview
from tool_errors.calls.llm_calls import (
    LlmGroup,
    Usage,
    end_of,
    runs_told_whole,
    token_usage,
    unique_llm_calls,
    untold_sums,
)
from tool_errors.calls.tool_calls import unique_tool_calls
from tool_errors.findings import DerivedSpan, DerivedTrace, LlmCall, LlmCallKey, Loop, ToolCall
from tool_errors.interactions.parts import interaction_parts, whole_text_at
from tool_errors.judged import JudgedFacts
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.loop.loops import DEFAULT_THRESHOLDS, find_loops
from tool_errors.loop.work_scope import with_scopes
from tool_errors.plain_trace import derive_plain
from tool_errors.prices.cost import priced
from tool_errors.prices.price_table import PriceTable
from tool_errors.prices.prices_in_use import prices_in_use
from tool_errors.steps import keys_in_loops, search_text, steps
from tool_errors.texts import final_output, first_input
from tool_errors.trace_view import TraceView
from trace_store.assembly import SpanNode
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR

NAMES_MAX = 50  # agents, tools, models and interactions that a trace's row lists


def derive(
    spans: Sequence[SpanNode],
    judged: Iterable[JudgedFacts],
    *,
    live: bool,
    thresholds: LoopThresholds = DEFAULT_THRESHOLDS,
    prices: PriceTable | None = None,
) -> DerivedTrace:
    """Everything that can be said about one trace.

    `spans` are all its spans, also those without facts; several versions of one span are welcome. While `live`, a
    call without an answer is pending and a loop may be running. `prices` are those of this process unless given.
    Raises ValueError without any span.
    """
    if not spans or not (judged := list(judged)):
        return derive_plain(spans, live=live)
    trace_id = spans[0].trace_id
    view = TraceView(spans, judged)
    nodes = [row.node for row in view.rows if row.node is not None]
    groups = unique_llm_calls(view)
    llm_calls, usage = _calls_and_usage(view, groups, prices or prices_in_use())
    asked, answered = first_input(view, groups), final_output(view, groups)
    first, last = (asked.input_text if asked else None), (answered.output_text if answered else None)
    tool_calls = with_scopes(view, unique_tool_calls(view, groups, trace_id, live=live), first and text_preview(first))
    known = [facts for index in range(len(view.rows)) if (facts := view.facts(index)) is not None]
    agents = _agents(known)
    tools, models = _names(call.name for call in tool_calls), _names(call.model for call in llm_calls)
    names = (*agents, *tools, *models)
    loops = _loops(trace_id, llm_calls, tool_calls, live, thresholds)
    roots = view.tree.roots()
    return DerivedTrace(
        trace_id=trace_id,
        live=live,
        start_unix_nano=min((node.start_unix_nano for node in nodes if node.start_unix_nano), default=0),
        end_unix_nano=max(end_of(node.start_unix_nano, node.end_unix_nano) for node in nodes),
        root_name=text_preview(roots[0].name),
        service_name=roots[0].service_name or _first(facts.service_name for facts in known) or "",
        release=roots[0].release or _first(facts.release for facts in known) or "",
        interaction_ids=_names(identity.interaction_id for identity in view.identity),
        conversation_id=_first(identity.conversation_id for identity in view.identity),
        user_id=_first(identity.user_id for identity in view.identity),
        input=first,
        output=last,
        input_preview=None if first is None else text_preview(first),
        output_preview=None if last is None else text_preview(last),
        roots=tuple(node.span_id for node in roots),
        agents=agents,
        tools=tools,
        models=models,
        providers=_names(call.provider for call in llm_calls),
        dialects=_names(facts.dialect for facts in known),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        failed_span_count=sum(node.status_code == STATUS_ERROR for node in nodes),
        steps=steps(llm_calls, tool_calls, keys_in_loops(loops)[trace_id]),
        search_text=search_text(_searched(roots[0].name, first, last, names, llm_calls, tool_calls)),
        llm_calls=llm_calls,
        tool_calls=tool_calls,
        loops=loops,
        spans=tuple(_derived_spans(view)),
        interactions=interaction_parts(view, asked, answered),
        input_from=whole_text_at(view, asked, first),
        output_from=whole_text_at(view, answered, last),
        environment=_first(facts.environment for facts in known),
        event_name=_first(facts.event_name for facts in known),
        run_ended_well=None if live else _ended_well(view, last, may_answer=bool(llm_calls)),
    )


def _calls_and_usage(view: TraceView, groups: list[LlmGroup], prices: PriceTable) -> tuple[tuple[LlmCall, ...], Usage]:
    untold = untold_sums(view, groups)
    calls = _priced_calls([*groups, *runs_told_whole(view, groups, untold)], prices)
    return calls, token_usage(view, groups, untold)


def _priced_calls(groups: Iterable[LlmGroup], prices: PriceTable) -> tuple[LlmCall, ...]:
    calls = sorted((group.call for group in groups), key=lambda call: (call.start_unix_nano, call.span_id))
    return tuple(priced(call, prices) for call in calls)


def _loops(
    trace_id: bytes,
    llm_calls: Iterable[LlmCall],
    tool_calls: Sequence[ToolCall],
    live: bool,
    thresholds: LoopThresholds,
) -> tuple[Loop, ...]:
    """The loops, with what the model calls spent that asked for their repeats."""
    tokens, costs = spent_by_span(trace_id, llm_calls)
    return tuple(find_loops(tool_calls, tokens, live=live, thresholds=thresholds, costs_nano_usd=costs))


def spent_by_span(trace_id: bytes, llm_calls: Iterable[LlmCall]) -> tuple[dict[LlmCallKey, int], dict[LlmCallKey, int]]:
    """Tokens, and nano-USD where a price is known, of the model calls by span; the turns of a run are one span."""
    tokens: dict[LlmCallKey, int] = defaultdict(int)
    costs: dict[LlmCallKey, int] = defaultdict(int)
    for call in llm_calls:
        tokens[trace_id, call.span_id] += (call.input_tokens or 0) + (call.output_tokens or 0)
        if call.cost_nano_usd is not None:
            costs[trace_id, call.span_id] += call.cost_nano_usd
    return dict(tokens), dict(costs)


def _ended_well(view: TraceView, answer: str | None, *, may_answer: bool) -> bool | None:
    """Some libraries leave the status of a root as it is and only record the exception that ended it."""
    failed = any(node.status_code == STATUS_ERROR or _states_failure(view, node) for node in view.tree.roots())
    return ended_well(answer, has_failed_root=failed, may_answer=may_answer)


def _states_failure(view: TraceView, node: SpanNode) -> bool:
    facts = view.facts(view.position[node.span_id])
    return facts is not None and facts.failure is not None and facts.type in ("agent", "chain", "llm")


def ended_well(answer: str | None, *, has_failed_root: bool, may_answer: bool) -> bool | None:
    """Whether a final answer exists and no root failed; None for a trace in which nothing answers a user."""
    if has_failed_root:
        return False
    return bool(answer) if answer or may_answer else None


def _agents(known: Sequence[SpanFacts]) -> tuple[str, ...]:
    """The agents that have spans; without any, those that other spans name."""
    with_spans = _names(facts.agent_name for facts in known if facts.type == "agent")
    return with_spans or _names(facts.agent_name for facts in known)


def _names(values: Iterable[str | None]) -> tuple[str, ...]:
    """The distinct names in order of appearance, at most NAMES_MAX."""
    return tuple(dict.fromkeys(value for value in values if value))[:NAMES_MAX]


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _searched(
    root_name: str,
    first: str | None,
    last: str | None,
    names: Iterable[str],
    llm_calls: Iterable[LlmCall],
    tool_calls: Iterable[ToolCall],
) -> Iterable[str | None]:
    """What a person may look for, the most telling first: the text is bounded."""
    yield text_preview(root_name)
    yield first and text_preview(first)
    yield last and text_preview(last)
    yield from names
    for call in tool_calls:
        yield text_preview(call.verdict.message)
    for llm_call in llm_calls:
        yield llm_call.error_message and text_preview(llm_call.error_message)
    for call in tool_calls:
        yield None if call.arguments is None else call.arguments.preview


def _derived_spans(view: TraceView) -> Iterable[DerivedSpan]:
    """The spans in display order, without placeholders."""
    for index, row in enumerate(view.rows):
        node, facts = row.node, view.facts(index)
        if node is not None:
            yield DerivedSpan(
                span_id=node.span_id,
                parent_span_id=node.parent_span_id,
                name=node.name,
                type="other" if facts is None else facts.type,
                dialect=None if facts is None else facts.dialect,
                status_code=node.status_code,
                start_unix_nano=node.start_unix_nano,
                end_unix_nano=node.end_unix_nano,
                depth=row.depth,
                agent=None if facts is None else facts.agent_name,
                node=None if facts is None else facts.node,
                from_log=facts is not None and facts.from_log,
            )
