"""Finds the records that the store refuses, by bisection, and stores all others."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from trace_store.exceptions import SpanRejected

_Record = TypeVar("_Record")


async def store_all_but_refused(
    commit: Callable[[Sequence[_Record]], Awaitable[None]], records: Sequence[_Record]
) -> list[tuple[_Record, SpanRejected]]:
    """Commit `records` in as few parts as it takes; return the refused ones, each with its reason.

    With r refused records of n this is about 2 * r * log2(n) commits. Raises what `commit` raises beside SpanRejected;
    some parts are stored then, which a repetition finds again as duplicates.
    """
    if not records:
        return []
    try:
        await commit(records)
    except SpanRejected as error:
        if len(records) == 1:
            return [(records[0], error)]
        middle = len(records) // 2
        refused = await store_all_but_refused(commit, records[:middle])
        return refused + await store_all_but_refused(commit, records[middle:])
    return []
