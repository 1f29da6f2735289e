"""Ties a child process to its parent: it ends when the parent does, however that happens.

Nothing acknowledged is lost by it: an answer is only given after its commit.
"""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
ORPHAN_EXIT_CODE = 3
PARENT_CHECK_S = 1.0


def hold_on_to_supervisor(supervisor_pid: int) -> None:
    """End this process when standard input (a pipe whose other end only the supervisor has) ends."""
    _die_with_parent(supervisor_pid)
    threading.Thread(target=_watch_pipe, name="lifeline", daemon=True).start()


def hold_on_to_parent(parent_pid: int) -> None:
    """The same for a process that multiprocessing spawned, which has no such pipe.

    Ctrl-C in a terminal reaches it too; it leaves to the parent what that means.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(parent_pid)
    threading.Thread(target=_watch_parent, args=(parent_pid,), name="lifeline", daemon=True).start()


def _die_with_parent(parent_pid: int) -> None:
    """On Linux the kernel kills us with the parent, even while the interpreter is stuck."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before we asked
        os._exit(ORPHAN_EXIT_CODE)


def _watch_pipe() -> None:
    while True:
        try:
            if not os.read(0, 64):
                break
        except OSError:
            break
    os._exit(ORPHAN_EXIT_CODE)


def _watch_parent(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(PARENT_CHECK_S)
    os._exit(ORPHAN_EXIT_CODE)
