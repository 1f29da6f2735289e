"""A conversation as pages show it: its traces in order, each with what went wrong in it. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from trace_store.derived_rows import LoopRow, ToolCallRow, TraceRow
from trace_store.interactions.conversation_reads import ConversationRows, GroupPlace
from web.conversations.interaction_view import feedback_by_event, interaction_view
from web.lists.list_view import conversation_url, list_row
from web.pages.conversation_models import ConversationLanes
from web.pages.interaction_models import InteractionView
from web.pages.view_models import ConversationPage, ConversationPart, FailureView, GroupView, LoopView
from web.trace.trace_url import trace_url

FAILURES_MAX = 5  # different ones of each trace; its page has all


def group_view(row: TraceRow, place: GroupPlace | None) -> GroupView | None:
    """The place of a trace in its conversation, for its header."""
    if place is None or row.group_id is None:
        return None
    return GroupView(
        position=place.position,
        total=place.total,
        title=row.conversation_id or "",
        url=conversation_url(row.conversation_id or row.group_id.hex()),
        previous_url=trace_url(place.previous) if place.previous else "",
        next_url=trace_url(place.following) if place.following else "",
    )


def build_conversation(
    rows: ConversationRows, url: str, limit: int, lanes: ConversationLanes, *, only_failures: bool = False
) -> ConversationPage:
    """A page of at most `limit` traces; `url` is that of the page without parameters.

    With `only_failures` the traces and interactions in which nothing went wrong are left out, and counted.
    """
    failures: dict[bytes, list[ToolCallRow]] = defaultdict(list)
    for call in rows.failed_calls:
        failures[call.trace_id].append(call)
    loops: dict[bytes, list[LoopRow]] = defaultdict(list)
    for loop in rows.loops:
        loops[loop.trace_id].append(loop)
    total = rows.total or rows.traceless_total
    end = rows.offset + (len(rows.traces) or len(rows.traceless))
    feedback = feedback_by_event(rows.feedback)
    views: dict[bytes | None, list[InteractionView]] = defaultdict(list)
    for one in rows.interactions:
        views[one.of_trace].append(interaction_view(one, feedback.get(one.event_id, ())))
    parts: list[ConversationPart | InteractionView] = [
        _part(position, row, failures[row.trace_id], loops[row.trace_id], views[row.trace_id])
        for position, row in enumerate(rows.traces, start=rows.offset + 1)
    ]
    parts += [interaction_view(one, feedback.get(one.event_id, ())) for one in rows.traceless]
    shown = [part for part in parts if _has_failed(part)] if only_failures else parts
    return ConversationPage(
        title=rows.conversation_id or rows.group_id.hex(),
        is_conversation=rows.conversation_id is not None,
        parts=tuple(sorted(shown, key=_start)),
        trace_count=len(rows.traces),
        traceless_count=len(rows.traceless),
        traceless_total=rows.traceless_total,
        total=rows.total,
        json_url=f"{url}.json" + (f"?offset={rows.offset}" if rows.offset else ""),
        earlier_url=_page_url(url, max(0, rows.offset - limit), only_failures) if rows.offset else "",
        later_url=_page_url(url, end, only_failures) if end < total else "",
        lanes=lanes,
        only_failures=only_failures,
        failures_url=_page_url(url, rows.offset, not only_failures),
        left_out=len(parts) - len(shown),
    )


def _page_url(url: str, offset: int, only_failures: bool) -> str:
    parameters = [f"offset={offset}"] * bool(offset) + ["failures=1"] * only_failures
    return f"{url}?{'&'.join(parameters)}" if parameters else url


def _has_failed(part: ConversationPart | InteractionView) -> bool:
    if isinstance(part, ConversationPart):
        return bool(part.failure_count or part.loops or part.row.failed_span_count or part.row.unanswered_count)
    return bool(part.error_count or part.soft_error_count or part.loop_count)


def _start(part: ConversationPart | InteractionView) -> int:
    return part.row.start_unix_nano if isinstance(part, ConversationPart) else part.start_unix_nano


def _part(
    position: int,
    row: TraceRow,
    failures: list[ToolCallRow],
    loops: list[LoopRow],
    interactions: Sequence[InteractionView],
) -> ConversationPart:
    return ConversationPart(
        position=position,
        row=list_row(row),
        answer=row.output_preview or "",
        failures=tuple(folded([_failure(call, row) for call in failures])[:FAILURES_MAX]),
        failure_count=max(row.error_count + row.soft_error_count, len(failures)),
        loops=tuple(_loop(loop) for loop in loops),
        interactions=tuple(interactions),
    )


def _failure(call: ToolCallRow, row: TraceRow) -> FailureView:
    return FailureView(
        name=call.name,
        status=call.status,  # type: ignore[arg-type]  # the column holds a CallStatus
        error_type=call.error_type or "",
        message=call.error_message or "",
        recovered=call.recovered,
        url=trace_url(row.trace_id, call.span_id),
    )


def folded(failures: Sequence[FailureView]) -> list[FailureView]:
    """Those that are alike but for their place, and follow one another, as one."""
    alike = groupby(failures, key=lambda one: replace(one, url=""))
    return [replace(same[0], times=len(same)) for same in (list(run) for _, run in alike)]


def _loop(loop: LoopRow) -> LoopView:
    text = f"{' → '.join(loop.tools)} ×{loop.iterations}"
    first = loop.calls[0] if loop.calls else [None, "", None, None]
    url = trace_url(first[0] or loop.trace_id, first[2])
    return LoopView(
        loop.loop_id,
        text,
        loop.iterations,
        loop.failures,
        loop.tokens,
        loop.ended,
        url,
        cost_nano_usd=loop.cost_nano_usd,
    )
