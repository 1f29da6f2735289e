"""Traces that are too large to be derived among the others: they wait here for a turn of their own, beside them.

Only in memory: their marks stay in the queue until they are derived, whatever happens to this process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from trace_store.claim import Claim, Unit
from trace_store.exceptions import StoreUnavailable
from trace_store.flush import UNIT_TRACE

LARGE_SPANS = 2000  # takes about a third of a second to normalise and derive
BLOB_SPANS_MAX = 64  # of one mark
RECONNECT_DELAY_S = 1.0
FAULT_DELAY_S = 10.0

log = logging.getLogger(__name__)


class LargeTraces:
    """The large traces that a processor has found, oldest first."""

    def __init__(self) -> None:
        self._waiting: dict[Unit, None] = {}
        self._found = asyncio.Event()

    @property
    def units(self) -> Sequence[Unit]:
        """Those that wait or are derived now."""
        return list(self._waiting)

    def add(self, units: Iterable[Unit]) -> None:
        """Lets them wait for their turn."""
        for unit in units:
            self._waiting[unit] = None
            self._found.set()

    async def run(self, stop: asyncio.Event, work: Callable[[Unit], Awaitable[None]]) -> None:
        """Works on one after the other until `stop` is set."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                if not self._waiting:
                    self._found.clear()
                    finding = asyncio.create_task(self._found.wait())
                    await asyncio.wait([stopping, finding], return_when=asyncio.FIRST_COMPLETED)
                    finding.cancel()
                    continue
                unit = next(iter(self._waiting))
                delay_s = await _try(work, unit)
                del self._waiting[unit]
                if delay_s:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), delay_s)
        finally:
            stopping.cancel()


async def _try(work: Callable[[Unit], Awaitable[None]], unit: Unit) -> float:
    """Seconds to wait before the next."""
    try:
        await work(unit)
    except StoreUnavailable as error:
        log.warning("Large traces wait for the database: %s", error)
        return RECONNECT_DELAY_S
    except Exception:
        log.exception("The large trace %s could not be derived.", unit.unit_id.hex())
        return FAULT_DELAY_S
    return 0.0


async def large_among(claim: Claim) -> list[Unit]:
    """The claimed traces that have many spans, or may get many."""
    traces = [unit for unit in claim.marks if unit.kind == UNIT_TRACE]
    arriving = {unit for unit in traces if len(claim.marks[unit]) * BLOB_SPANS_MAX > LARGE_SPANS}
    stored = await claim.traces_longer_than(LARGE_SPANS, [unit.trace for unit in traces])
    return [unit for unit in traces if unit in arriving or unit.trace in stored]
