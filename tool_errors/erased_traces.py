"""Traces of an erased user that arrive late, by whatever way: they go when they are about to be derived.

Receivers know the ids of erased traces and refuse their spans; whose a trace is that they never saw is known only once
its spans are understood. docs/privacy.md tells what that means to applications.
"""

import time
from collections.abc import Mapping, Sequence

from trace_store.claim import Claim
from trace_store.stored import TraceKey, TreeRow
from trace_store.tombstones import Erased, Tombstones

READ_INTERVAL_S = 2.0  # as receivers do; an erasure waits longer than that


class ErasedNames:
    """What this processor knows of erased users; free while nobody was ever erased."""

    def __init__(self) -> None:
        self._tombstones = Tombstones()
        self._read_at = 0.0

    async def refresh(self, claim: Claim) -> None:
        """Reads what was erased since the last time."""
        if not self._read_at or time.monotonic() - self._read_at > READ_INTERVAL_S:
            self._read_at = time.monotonic()
            await claim.read_tombstones(self._tombstones)

    def among(self, rows_of: Mapping[TraceKey, Sequence[TreeRow]]) -> list[TraceKey]:
        """Those of these traces that were erased, or of which a span names an erased user or interaction."""
        return [trace for trace, rows in rows_of.items() if self._is_erased(trace, rows)] if self._tombstones else []

    def _is_erased(self, trace: TraceKey, rows: Sequence[TreeRow]) -> bool:
        names = {(Erased.TRACE, trace.trace_id)}
        for row in rows:
            for kind, key in ((Erased.USER, "user_id"), (Erased.EVENT, "interaction_id")):
                if row.facts is not None and (name := row.facts.get(key)):
                    names.add((kind, str(name).encode()))
        return any(self._tombstones.has(kind, trace.project_id, name) for kind, name in names)
