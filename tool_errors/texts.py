"""The spans that tell the user's question and the agent's answer of a trace."""

from tool_errors.calls.llm_calls import LlmGroup
from tool_errors.trace_view import TraceView
from trace_store.assembly import NO_PARENT
from trace_store.facts import SpanFacts

_TALKING = ("agent", "chain", "llm")  # types whose input is a user's and whose output an assistant's


def first_input(view: TraceView, groups: list[LlmGroup]) -> SpanFacts | None:
    """The first text of the user: of the topmost agent that tells one, else of the first LLM call, else of any step."""
    talking = _talking(view)
    agent = next((facts for facts in talking if facts.type == "agent" and facts.input_text), None)
    if agent:
        return agent
    of_calls = (view.facts(index) for group in groups for index in group.members)
    call = next((facts for facts in of_calls if facts is not None and facts.input_text), None)
    return call or next((facts for facts in talking if facts.input_text), None)


def final_output(view: TraceView, groups: list[LlmGroup]) -> SpanFacts | None:
    """The final answer: of the topmost agent that tells one, else of the last LLM call, else of any step.

    A last LLM call that fails has not answered, nor has one that asks for a tool, unless it ran the tool by itself.
    """
    talking = _talking(view)
    agent = next((facts for facts in talking if facts.type == "agent" and facts.output_text), None)
    if agent:
        return agent
    if groups:
        last = _last(view, groups)
        told = [facts for index in last.members if (facts := view.facts(index)) is not None]
        asks = any(not call.turn for facts in told for call in facts.requested_calls)  # with a turn: a whole run
        asks = asks and not _runs_tools(view, last)
        if last.call.error_message is not None or asks:
            return None
        answer = next((facts for facts in told if facts.output_text), None)
        if answer:
            return answer
    return next((facts for facts in talking if facts.output_text and facts.type != "llm"), None)


def _last(view: TraceView, groups: list[LlmGroup]) -> LlmGroup:
    """The last call to answer: the last to begin, but for calls around it, whose spans hold what was done before."""
    last = groups[-1]
    around = {index: group for group in groups for index in group.members} if len(groups) > 1 else {}
    above = view.rows[last.members[0]].parent_index if around else NO_PARENT
    while above != NO_PARENT:
        last = around.get(above, last)
        above = view.rows[above].parent_index
    return last


def _runs_tools(view: TraceView, group: LlmGroup) -> bool:
    """Whether tools ran inside the span of a model call."""
    outer = group.members[0]
    return any(view.is_tool(index) for index in range(outer + 1, outer + 1 + view.rows[outer].descendant_count))


def _talking(view: TraceView) -> list[SpanFacts]:
    """The facts of such spans, topmost first; those at one depth by time."""
    found = [
        (row.depth, index, facts)
        for index, row in enumerate(view.rows)
        if (facts := view.facts(index)) is not None and facts.type in _TALKING
    ]
    found.sort(key=lambda entry: entry[:2])
    return [facts for _, _, facts in found]
