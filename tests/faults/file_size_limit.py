"""A full disk without a disk: the limit on the size of a file, set from outside on a real server while it runs.

Unlike a small file system it needs no right to mount. PostgreSQL ignores SIGXFSZ "so that ulimit violations work like
disk full" (postmaster.c). A limit below the 16 MiB of a WAL segment hits the WAL, one above it hits the tables.
"""

import subprocess
import sys
import time
from contextlib import suppress

import psutil

MIB = 1024 * 1024
TABLES_FULL_BYTES = 16 * MIB  # a table of more cannot grow; WAL segments are exactly so large
WAL_FULL_BYTES = 8 * MIB
PATIENCE_S = 60.0


def limit_files(supervisor_pid: int, bytes_max: int | None) -> None:
    """Limit the files that the embedded PostgreSQL writes, and whatever its supervisor starts later; None: no limit.

    Each process is told by one with its own user id: root may have been stripped of the right to do it for others.
    """
    limited: set[psutil.Process] = set()
    while missing := _processes(supervisor_pid) - limited:  # a server starts processes at any moment
        for process in missing:
            _limit(process, bytes_max)
        limited |= missing


def _processes(supervisor_pid: int) -> set[psutil.Process]:
    """The supervisor, the guard, the postmaster and all that it has started; not our own children."""
    supervisor = psutil.Process(supervisor_pid)
    found = {supervisor}
    for child in supervisor.children():
        with suppress(psutil.NoSuchProcess):  # a server that does not get up ends between two looks
            if not any("web.child" in word for word in child.cmdline()):
                found |= {child, *child.children(recursive=True)}
    return found


def _limit(process: psutil.Process, bytes_max: int | None) -> None:
    script = (
        "import os, resource, sys\n"
        "pid, uid, gid, limit = map(int, sys.argv[1:])\n"
        "if os.geteuid() != uid:\n"
        "    os.setgroups([]), os.setgid(gid), os.setuid(uid)\n"
        "resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))\n"
    )
    said = ""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            ids = [process.pid, process.uids().real, process.gids().real, -1 if bytes_max is None else bytes_max]
            # not with Popen(user=...): it forks for that, and a fork of a process that speaks gRPC may crash
            command = [sys.executable, "-I", "-S", "-c", script, *map(str, ids)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0 or process.status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        said = done.stderr  # it may have become another user's process meanwhile: a server that starts does
        time.sleep(0.05)
    raise AssertionError(said)
