"""Runs one role of Rainbarrel in this process: event loop, signals that ask for an orderly stop, error sentences."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from trace_store.exceptions import RainbarrelError

OPEN_FILES_MAX = 65536

log = logging.getLogger(__name__)

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

Role = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def run_role(role: Role) -> int:
    """Run until the role ends or SIGTERM or SIGINT set its stop event; the exit code.

    A second signal kills at once: signal handlers are back at their defaults by then.
    """
    _open_as_many_files_as_we_may()
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_until_stopped(role))
    except RainbarrelError as error:
        log.error("%s", error)  # a sentence, not a traceback
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _open_as_many_files_as_we_may() -> None:
    """A connection is an open file, and shells allow 1,024 where the system would allow many more."""
    if sys.platform != "win32":
        import resource

        allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES_MAX if most == resource.RLIM_INFINITY else min(most, OPEN_FILES_MAX)
        if allowed < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _until_stopped(role: Role) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    await role(stop)
