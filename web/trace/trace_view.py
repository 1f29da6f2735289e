"""The page of one trace: its header, a window of its tree, and the selected span. Pure."""

from collections import Counter
from collections.abc import Iterable

from tool_errors.derive import ended_well
from tool_errors.findings import FAILED
from trace_store.derived_rows import TraceRow
from web.conversations.conversation_view import group_view
from web.pages.view_models import SpanDetail, TracePage
from web.trace.call_graph import build_call_graph
from web.trace.call_graph_layout import lay_out
from web.trace.link_view import linked_trace_count, linked_traces
from web.trace.run_transcript import run_transcript
from web.trace.shown_rows import tree_page
from web.trace.trace_reading import ModelCallRow, TreeRecords
from web.trace.trace_url import trace_url
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_view import TraceTree, loop_views

NEVER_DERIVED = "0"


def trace_version(row: TraceRow | None) -> str:
    """Changes whenever something new has been derived of the trace."""
    if row is None or row.derived_at is None:
        return NEVER_DERIVED
    return f"{round(row.derived_at.timestamp() * 1e6):x}"


def build_trace_page(
    records: TreeRecords,
    tree: TraceTree,
    path: str,
    *,
    state: TraceViewState,
    query_string: str,
    detail: SpanDetail | None = None,
) -> TracePage:
    """The page; before the first derivation its figures come from the spans alone."""
    row, shown = records.trace, tree_page(records, tree, path, state)
    length_ns = tree.axis.length_ns
    derived_at = row.derived_at if row is not None else None
    return TracePage(
        trace_id=records.spans[0].row.trace_id.hex(),
        version=trace_version(row),
        live=row is None or row.live,
        derived_unix_ms=round(derived_at.timestamp() * 1000) if derived_at is not None else 0,
        question=(row.input_preview or row.root_name) if row is not None else _first_name(records),
        is_question=row is not None and bool(row.input_preview),
        answer=(row.output_preview or "") if row is not None else "",
        service_name=row.service_name if row is not None else records.spans[0].service_name,
        release=row.release if row is not None else records.spans[0].release,
        agents=tuple(row.agents) if row is not None else (),
        models=tuple(row.models) if row is not None else (),
        user_id=(row.user_id or "") if row is not None else "",
        conversation_id=(row.conversation_id or "") if row is not None else "",
        interaction_id=row.interaction_ids[0] if row is not None and row.interaction_ids else "",
        start_unix_nano=row.start_unix_nano if row is not None else tree.axis.start_unix_nano,
        duration_ns=row.end_unix_nano - row.start_unix_nano if row is not None else length_ns,
        span_count=tree.span_count,
        llm_call_count=row.llm_call_count if row is not None else 0,
        tool_call_count=row.tool_call_count if row is not None else 0,
        error_count=row.error_count if row is not None else 0,
        soft_error_count=row.soft_error_count if row is not None else 0,
        unanswered_count=row.unanswered_count if row is not None else 0,
        failed_span_count=row.failed_span_count if row is not None else 0,
        failed_call_count=sum(call.status in FAILED for call in records.tool_calls),
        recovered_count=sum(call.recovered for call in records.tool_calls),
        input_tokens=row.input_tokens if row is not None else 0,
        output_tokens=row.output_tokens if row is not None else 0,
        cost_nano_usd=row.cost_nano_usd if row is not None else None,
        unpriced_models=tuple(row.unpriced_models or ()) if row is not None else (),
        loops=loop_views(records, path),
        tree=shown,
        detail=detail,
        json_url=f"{path}.json",
        otlp_url=f"/api{path}/otlp",
        query_string=query_string,
        linked_traces=linked_traces(records.links, records.incoming),
        linked_trace_count=linked_trace_count(records.links, records.incoming),
        told_elsewhere=_told_elsewhere(records.llm_calls),
        asked_again_url="" if records.asked_again is None else trace_url(records.asked_again),
        view=state.view,
        state=shown.state,
        transcript=run_transcript(records, tree, path, state) if state.view == "transcript" else None,
        graph=lay_out(build_call_graph(records, tree), state.selected) if state.view == "graph" else None,
        run_ended_well=_ended_well(row, tree, may_answer=bool(records.llm_calls)),
        group=None if row is None else group_view(row, records.place),
    )


def _first_name(records: TreeRecords) -> str:
    rows = (span.row for span in records.spans)
    return min(rows, key=lambda row: (bool(row.parent_span_id), row.start_unix_nano, row.span_id)).name


def _told_elsewhere(llm_calls: Iterable[ModelCallRow]) -> tuple[tuple[str, int], ...]:
    counts = Counter(call.told_in.hex() for call in llm_calls if call.told_in is not None)
    return tuple(sorted(counts.items()))


def _ended_well(row: TraceRow | None, tree: TraceTree, *, may_answer: bool) -> bool | None:
    if row is None or row.live:
        return None
    return ended_well(row.output_preview, has_failed_root=tree.has_failed_root, may_answer=may_answer)
