"""A process for heavy reads: what takes long to compute must not hold up the loop that receives spans.

It is spawned (never forked: gRPC), goes with its parent, and is started again when it died.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.prices.prices_in_use import use_prices
from web.processes import heavy_reads
from web.processes.lifeline import hold_on_to_parent
from web.requests.errors import Unavailable

HEAVY_SPANS_MIN = 1000  # traces with more spans are read there

P = ParamSpec("P")
T = TypeVar("T")


def _begin(parent_pid: int, prices: Path | None, tool_rules: Path | None) -> None:
    """The first thing that the process does."""
    hold_on_to_parent(parent_pid)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    use_prices(prices)
    use_tool_rules(tool_rules)


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """What starts within keeps Ctrl-C waiting: before it can ignore it, it would end with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class ReaderProcess:
    """Runs functions of `heavy_reads.py` in one other process, one after the other."""

    def __init__(self, prices: Path | None = None, tool_rules: Path | None = None) -> None:
        self._files = (prices, tool_rules)  # that it uses
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> None:
        """Starts the process, so that the first heavy read need not wait for it; returns in some milliseconds."""
        self._running_pool()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `function`; both must be picklable. Raises Unavailable when the process died at it."""
        assert not kwargs
        for _ in range(2):  # it may have died before, idle; when it dies twice, it is by this read
            pool = self._running_pool()
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, function, *args)
            except BrokenProcessPool:
                if self._pool is pool:
                    self._pool = None
        raise Unavailable("The process that reads large traces died; try again.")

    async def close(self) -> None:
        """Ends the process after its current read.

        Waiting for it costs nothing, since the interpreter would wait at its own end; not waiting races with that end
        (CPython's executor then writes to a pipe that its thread has closed).
        """
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    def _running_pool(self) -> ProcessPoolExecutor:
        """Called in the main thread alone: on Linux the process ends with the thread that started it."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (os.getpid(), *self._files))
            with _ctrl_c_held():
                self._pool.submit(heavy_reads.load)  # the first one starts the process
        return self._pool
