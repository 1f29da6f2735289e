"""Search inside a trace: which steps hold a text in what their rows show. Pure."""

from collections.abc import Sequence

from web.trace.tree_step import TreeStep


def find_hits(rows: Sequence[TreeStep], text: str) -> frozenset[int]:
    """The rows that hold a text in what they show: name, arguments or model, what came out, ids."""
    wanted = text.casefold()
    if not wanted:
        return frozenset()
    return frozenset(
        row.index
        for row in rows
        if any(wanted in part.casefold() for part in (row.name, row.secondary, row.outcome, row.span_id, row.evidence))
    )
