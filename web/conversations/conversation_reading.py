"""Reads the steps of the traces of a conversation for its lanes; traces with many spans are left to their own pages."""

from trace_store.interactions.conversation_reads import ConversationRows
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.conversations.conversation_lanes import TraceSteps
from web.trace.trace_reading import TreeRecords
from web.trace.trace_url import trace_url
from web.trace.tree_view import build_tree

SPANS_MAX = 2_000  # of one page of a conversation; read on the loop that receives spans


async def read_steps(reader: TraceReader, rows: ConversationRows) -> list[TraceSteps]:
    """The trees of the traces on a page, the shortest ones first as far as SPANS_MAX goes; no payloads."""
    left, keys = SPANS_MAX, []
    for row in sorted(rows.traces, key=lambda row: row.span_count):
        left -= row.span_count
        if left >= 0:
            keys.append(TraceKey(row.project_id, row.trace_id))
    spans, calls = await reader.steps_of_traces(keys)
    found = []
    for row in rows.traces:
        own = [span for span in spans if span.row.trace_id == row.trace_id]
        path, tree = trace_url(row.trace_id), None
        if own:
            own_calls = [call for call in calls if call.trace_id == row.trace_id]
            loops = [loop for loop in rows.loops if set(loop.call_keys) & {call.call_key for call in own_calls}]
            tree = build_tree(TreeRecords(row, own, own_calls, loops), path)
        found.append(TraceSteps(row, path, tree))
    return found
