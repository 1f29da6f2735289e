"""A process for heavy reads: what takes long to compute must not hold up the loop that receives spans.

It starts with the first heavy read, is spawned (never forked: gRPC) and goes with its parent.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from web.errors import Unavailable
from web.lifeline import hold_on_to_parent

HEAVY_SPANS_MIN = 1000  # traces with more spans are read there

P = ParamSpec("P")
T = TypeVar("T")


class ReaderProcess:
    """Runs functions of `heavy_reads.py` in one other process, one after the other."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process has been started."""
        return self._pool is not None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `function`; both must be picklable. Raises Unavailable when the process died at it."""
        assert not kwargs
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), hold_on_to_parent, (os.getpid(),))
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, function, *args)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            raise Unavailable("The process that reads large traces died; try again.") from None

    def close(self) -> None:
        """Ends the process after its current read."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
