"""A comparison with another backend's export as lines for a terminal. Pure."""

from collections.abc import Iterator, Sequence

from web.compare.exports import KeyCount, TraceDifference


def export_text(found: Sequence[TraceDifference]) -> str:
    """One line per trace, what differs below it, and a sum."""
    lines = [line for trace in found for line in _trace_lines(trace)]
    lacking = sum(trace.lacks_something for trace in found)
    same = sum(trace.is_same for trace in found)
    traces = f"{len(found)} trace{'' if len(found) == 1 else 's'}"
    return "\n".join([*lines, f"{traces}: {same} the same, {lacking} of which the export has more or says otherwise"])


def _trace_lines(trace: TraceDifference) -> Iterator[str]:
    word = "same" if trace.is_same else "LACKS" if trace.lacks_something else "has more"
    yield f"{word:8} {trace.trace_id}  {trace.spans_ours} spans here, {trace.spans_theirs} in the export"
    for words, ids, total in (
        ("spans only in the export", trace.missing_here, trace.missing_here_total),
        ("spans only here", trace.missing_there, trace.missing_there_total),
    ):
        if total:
            yield f"  {words}: {', '.join(ids)}{_more(len(ids), total)}"
    for field in trace.fields:
        yield f"  {field.span_id} {field.field}: {field.ours or 'none'} here, {field.theirs or 'none'} in the export"
    if trace.fields_total > len(trace.fields):
        yield f"  showing {len(trace.fields)} of {trace.fields_total} fields that differ"
    for words, keys in (
        ("attributes only in the export", trace.attributes_missing_here),
        ("attributes only here", trace.attributes_missing_there),
        ("attributes that differ", trace.attributes_that_differ),
        ("resource attributes only in the export", trace.resource_missing_here),
        ("resource attributes only here", trace.resource_missing_there),
    ):
        if keys:
            yield f"  {words}: {_keys(keys)}"
    if trace.events_ours != trace.events_theirs:
        yield f"  events: {trace.events_ours} here, {trace.events_theirs} in the export"
    if trace.links_ours != trace.links_theirs:
        yield f"  links: {trace.links_ours} here, {trace.links_theirs} in the export"


def _keys(keys: Sequence[KeyCount]) -> str:
    return ", ".join(f"{each.key} ({each.spans})" for each in keys)


def _more(shown: int, total: int) -> str:
    return f" (showing {shown} of {total})" if total > shown else ""
