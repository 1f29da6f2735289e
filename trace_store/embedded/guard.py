"""The process between us and the postmaster: it drops root, starts PostgreSQL, and stops it when we are gone.

Run as a script (standard library only, so that it starts in milliseconds), never imported by the server:

    python -I -S guard.py PARENT_PID UID GID FAST_SHUTDOWN_S postgres ARGUMENTS...

Standard input is a pipe whose write end only the parent holds. Its end means: stop (the parent closed it, or died by
any signal, on any system). The guard also reaps the postmaster, so that no zombie is left in containers whose pid 1
does not. If the guard itself is killed, Linux sends the postmaster the parent-death signal. That signal follows the
*thread* that forked, which is why the guard forks, with its only thread, and not one of the parent's threads.
"""

import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PARENT_CHECK_S = 1.0
IMMEDIATE_SHUTDOWN_S = 5.0


def main(arguments: list[str]) -> int:
    """Guard one postmaster to its end; returns its exit code (128 + signal when one killed it)."""
    parent_pid, uid, gid = (int(each) for each in arguments[:3])
    fast_shutdown_s = float(arguments[3])
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    wakeup = _ignore_signals()
    guard_pid = os.getpid()
    postmaster = os.fork()
    if postmaster == 0:
        _become_postmaster(arguments[4:], guard_pid, libc)
    while (code := _exit_code(postmaster)) is None:
        readable, _, _ = select.select([0, wakeup], [], [], PARENT_CHECK_S)
        if wakeup in readable:
            os.read(wakeup, 512)
        # A child that the parent forked keeps the pipe open after the parent's death: so look at the parent as well.
        if (0 in readable and not os.read(0, 1)) or os.getppid() != parent_pid:
            return _stop(postmaster, fast_shutdown_s)
    return code


def _ignore_signals() -> int:
    """Let only the pipe stop us; returns what becomes readable on a signal. Unlike SIG_IGN, handlers end at exec."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return reader


def _become_postmaster(command: list[str], guard_pid: int, libc: ctypes.CDLL | None) -> None:
    try:
        if libc is not None:  # after setuid, which clears it
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() == guard_pid:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.execv(command[0], command)  # noqa: S606  # the point of this function
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _exit_code(postmaster: int) -> int | None:
    pid, status = os.waitpid(postmaster, os.WNOHANG)
    if pid == 0:
        return None
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _stop(postmaster: int, fast_shutdown_s: float) -> int:
    """Fast shutdown, after a while the immediate one, in the end a kill (the next start recovers from the WAL)."""
    steps = (
        (signal.SIGINT, fast_shutdown_s),
        (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_S),
        (signal.SIGKILL, IMMEDIATE_SHUTDOWN_S),
    )
    for number, patience_s in steps:
        os.kill(postmaster, number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if (code := _exit_code(postmaster)) is not None:
                return code
            time.sleep(0.01)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
