"""Ties a child process to its supervisor: it ends when the supervisor does, however that happens."""

import ctypes
import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1
ORPHAN_EXIT_CODE = 3


def hold_on_to_supervisor(supervisor_pid: int) -> None:
    """End this process when standard input (a pipe whose other end only the supervisor has) ends.

    On Linux the kernel also kills us with the supervisor, even while the interpreter is stuck. Nothing acknowledged is
    lost: an answer is only given after its commit.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor_pid:  # it died before we asked the kernel
        os._exit(ORPHAN_EXIT_CODE)
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    while True:
        try:
            if not os.read(0, 64):
                break
        except OSError:
            break
    os._exit(ORPHAN_EXIT_CODE)
