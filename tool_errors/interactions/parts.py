"""The parts of a trace: what its spans say of each interaction that they name."""

from collections.abc import Sequence

from tool_errors.bounded_facts import may_be_cut, text_preview
from tool_errors.calls.llm_calls import end_of
from tool_errors.findings import InteractionPart
from tool_errors.trace_view import TraceView
from trace_store.facts import SpanFacts

PARTS_MAX = 1000  # of one trace; every one is a unit of work whenever the trace changes
_TALKING = ("agent", "chain", "llm")


def interaction_parts(
    view: TraceView, first_input: SpanFacts | None, final_output: SpanFacts | None
) -> tuple[InteractionPart, ...]:
    """One part per interaction, in order of appearance; a span belongs to the interaction that it or one above names.

    Where the trace is of one interaction alone, its question and answer are those of the trace.
    """
    rows_of: dict[str, list[int]] = {}
    for index, identity in enumerate(view.identity):
        if identity.interaction_id and view.rows[index].node is not None:
            rows_of.setdefault(identity.interaction_id, []).append(index)
    parts = []
    for event_id, rows in list(rows_of.items())[:PARTS_MAX]:
        asked, answered = (first_input, final_output) if len(rows_of) == 1 else _told_by(view, rows)
        texts = (asked.input_text if asked else None, answered.output_text if answered else None)
        nodes = [node for index in rows if (node := view.rows[index].node) is not None]
        parts.append(
            InteractionPart(
                event_id=event_id,
                user_id=next((user for index in rows if (user := view.identity[index].user_id)), None),
                conversation_id=next((name for index in rows if (name := view.identity[index].conversation_id)), None),
                start_unix_nano=min(node.start_unix_nano for node in nodes),
                end_unix_nano=max(end_of(node.start_unix_nano, node.end_unix_nano) for node in nodes),
                input_preview=texts[0] and text_preview(texts[0]),
                output_preview=texts[1] and text_preview(texts[1]),
                input_from=whole_text_at(view, asked, texts[0]),
                output_from=whole_text_at(view, answered, texts[1]),
                event_name=next((name for index in rows if (name := _event_name(view, index))), None),
            )
        )
    return tuple(parts)


def whole_text_at(view: TraceView, facts: SpanFacts | None, text: str | None) -> bytes | None:
    """Where the whole text is: span id and digest of the span's version; None where its preview is all of it."""
    if facts is None or text is None or not may_be_cut(text_preview(text)):
        return None
    judged = view.judged[view.position[facts.span_id]]
    return None if judged is None else facts.span_id + judged.version.digest


def _event_name(view: TraceView, index: int) -> str | None:
    facts = view.facts(index)
    return None if facts is None else facts.event_name


def _told_by(view: TraceView, rows: Sequence[int]) -> tuple[SpanFacts | None, SpanFacts | None]:
    """The spans with the first text of the user and with the last of the assistant that asks for no tool."""
    talking = [facts for index in rows if (facts := view.facts(index)) is not None and facts.type in _TALKING]
    talking.sort(key=lambda facts: (facts.start_unix_nano, facts.span_id))
    first = next((facts for facts in talking if facts.input_text), None)
    answers = (facts for facts in reversed(talking) if facts.output_text and not facts.requested_calls)
    return first, next(answers, None)
