"""Links between spans as pages show them. Pure."""

from collections.abc import Iterable

from trace_store.stored import Link
from web.pages.view_models import SpanLinkView
from web.trace.trace_url import trace_url

LINKED_TRACES_MAX = 10  # in the header of a trace, each way; the panes of its spans have all


def link_views(carried: Iterable[Link], incoming: Iterable[Link]) -> tuple[SpanLinkView, ...]:
    """The links that a span carries, and those that point at it."""
    to = [_view(link.linked_trace_id, link.linked_span_id, incoming=False) for link in carried]
    return (*to, *(_view(link.trace_id, link.span_id, incoming=True) for link in incoming))


def linked_traces(carried: Iterable[Link], incoming: Iterable[Link]) -> tuple[SpanLinkView, ...]:
    """One link for each other trace that the spans of a trace are linked with, at most LINKED_TRACES_MAX each way."""
    to = {link.linked_trace_id: link for link in carried if link.linked_trace_id != link.trace_id}
    back = {link.trace_id: link for link in incoming}
    return link_views(list(to.values())[:LINKED_TRACES_MAX], list(back.values())[:LINKED_TRACES_MAX])


def linked_trace_count(carried: Iterable[Link], incoming: Iterable[Link]) -> int:
    """How many such links there are: other traces that this one links to, and others that link to it."""
    to = {link.linked_trace_id for link in carried if link.linked_trace_id != link.trace_id}
    return len(to) + len({link.trace_id for link in incoming})


def _view(trace_id: bytes, span_id: bytes, *, incoming: bool) -> SpanLinkView:
    return SpanLinkView(trace_id.hex(), span_id.hex(), trace_url(trace_id, span_id), incoming)
