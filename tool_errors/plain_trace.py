"""A trace of which no dialect claims a span: nothing but its tree, its times and whether spans failed is to be said."""

from collections.abc import Sequence

from tool_errors.bounded_facts import text_preview
from tool_errors.calls.llm_calls import end_of
from tool_errors.findings import DerivedSpan, DerivedTrace
from tool_errors.steps import search_text
from trace_store.assembly import Row, SpanNode, assemble
from trace_store.model import STATUS_ERROR


def derive_plain(spans: Sequence[SpanNode], *, live: bool) -> DerivedTrace:
    """What `derive` says of spans without facts, without looking for calls. Raises ValueError without any span."""
    if not spans:
        raise ValueError("a trace needs at least one span")
    tree = assemble(spans)
    rows = [(row, row.node) for row in tree.rows if row.node is not None]
    nodes = [node for _, node in rows]
    roots = tree.roots()
    root_name = text_preview(roots[0].name)
    has_failed_root = any(node.status_code == STATUS_ERROR for node in roots)
    return DerivedTrace(
        trace_id=spans[0].trace_id,
        live=live,
        start_unix_nano=min((node.start_unix_nano for node in nodes if node.start_unix_nano), default=0),
        end_unix_nano=max(end_of(node.start_unix_nano, node.end_unix_nano) for node in nodes),
        root_name=root_name,
        service_name=roots[0].service_name,
        release=roots[0].release,
        interaction_ids=(),
        conversation_id=None,
        user_id=None,
        input=None,
        output=None,
        input_preview=None,
        output_preview=None,
        roots=tuple(node.span_id for node in roots),
        agents=(),
        tools=(),
        models=(),
        input_tokens=0,
        output_tokens=0,
        cached_tokens=0,
        reasoning_tokens=0,
        failed_span_count=sum(node.status_code == STATUS_ERROR for node in nodes),
        steps="",
        search_text=search_text([root_name]),
        spans=tuple(_span(row, node) for row, node in rows),
        run_ended_well=False if has_failed_root and not live else None,
    )


def _span(row: Row[SpanNode], node: SpanNode) -> DerivedSpan:
    return DerivedSpan(
        span_id=node.span_id,
        parent_span_id=node.parent_span_id,
        name=node.name,
        type="other",
        dialect=None,
        status_code=node.status_code,
        start_unix_nano=node.start_unix_nano,
        end_unix_nano=node.end_unix_nano,
        depth=row.depth,
    )
