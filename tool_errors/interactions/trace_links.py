"""What a trace says of the interactions that it belongs to, and what it takes from those that were posted."""

from collections.abc import Sequence
from dataclasses import replace

from tool_errors.findings import DerivedTrace
from trace_store.interactions.interaction_rows import SAID_BY_TRACE, InteractionTraceRow


def trace_links(
    project_id: int, derived: DerivedTrace, told: Sequence[InteractionTraceRow]
) -> list[InteractionTraceRow]:
    """One row per interaction: those that spans name, and those whose events name the trace (`told`).

    A trace that neither ties to an interaction makes one of its own, under its trace id, when it tells of a user's
    question or an answer. `derived` is the trace as its spans tell it.
    """
    users = {part.user_id for part in derived.interactions if part.user_id}
    fallback = derived.user_id if len(users) < 2 else None
    rows = {
        part.event_id: InteractionTraceRow(
            project_id,
            part.event_id,
            derived.trace_id,
            SAID_BY_TRACE,
            True,
            part.user_id or fallback,
            part.conversation_id or derived.conversation_id,
            part.start_unix_nano,
            part.end_unix_nano,
            part.input_preview,
            part.output_preview,
            part.input_from,
            part.output_from,
            part.event_name or (derived.event_name if len(derived.interactions) == 1 else None),
        )
        for part in derived.interactions
    }
    others = {link.event_id for link in told if link.is_named}
    if not rows and not others and derived.user_id and (derived.input_preview or derived.output_preview):
        others = {derived.trace_id.hex()}
    is_alone = not rows and len(others) == 1
    for event_id in sorted(others - rows.keys()):
        rows[event_id] = InteractionTraceRow(
            project_id,
            event_id,
            derived.trace_id,
            SAID_BY_TRACE,
            False,
            derived.user_id,
            derived.conversation_id,
            derived.start_unix_nano,
            derived.end_unix_nano,
            derived.input_preview if is_alone else None,
            derived.output_preview if is_alone else None,
            derived.input_from if is_alone else None,
            derived.output_from if is_alone else None,
            derived.event_name if is_alone else None,
        )
    return list(rows.values())


def with_told(derived: DerivedTrace, told: Sequence[InteractionTraceRow]) -> DerivedTrace:
    """The trace with the user and the conversation of its events, where its spans name none."""
    in_order = sorted(told, key=lambda link: link.event_id)
    user_id = derived.user_id or next((link.user_id for link in in_order if link.user_id), None)
    named = derived.conversation_id or next((link.conversation_id for link in in_order if link.conversation_id), None)
    if (user_id, named) == (derived.user_id, derived.conversation_id):
        return derived
    return replace(derived, user_id=user_id, conversation_id=named)
