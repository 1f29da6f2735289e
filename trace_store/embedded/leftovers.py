"""What an earlier run left behind: a server without parent, backends without server, a stale pid file.

PostgreSQL itself believes any living process with the pid in postmaster.pid. Here is really looked: a zombie (in
containers whose pid 1 does not reap) and a pid that another program got since are no servers.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from trace_store.exceptions import EmbeddedServerError

FAST_SHUTDOWN_S = 30.0
IMMEDIATE_SHUTDOWN_S = 5.0
# Backends end by themselves once their postmaster is gone; one in a long query is helped.
ORPHANS_PATIENCE_S = 2.0
LOOK_INTERVAL_S = 0.02
PROC = Path("/proc")


def clear_leftovers(cluster: Path) -> None:
    """Return once no server process works in `cluster` and its pid file does not keep a new one from starting.

    The caller holds the lock of the data directory, so whatever still runs there has lost its parent.

    Raises EmbeddedServerError when a process will not end.
    """
    pid_file = cluster / "postmaster.pid"
    postmaster = _pid_in(pid_file)
    if postmaster is not None:
        _end(lambda: [postmaster] if _serves(postmaster, cluster) else [], (signal.SIGINT, FAST_SHUTDOWN_S))
    _end(lambda: _processes_in(cluster), (0, ORPHANS_PATIENCE_S))
    pid_file.unlink(missing_ok=True)


def _end(find: Callable[[], list[int]], first: tuple[int, float]) -> None:
    steps = (first, (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_S), (signal.SIGKILL, IMMEDIATE_SHUTDOWN_S))
    for number, patience_s in steps:
        for pid in find():
            _send(pid, number)
        deadline = time.monotonic() + patience_s
        while find():
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_INTERVAL_S)
        else:
            return
    raise EmbeddedServerError(
        "An earlier PostgreSQL on this data directory does not end, stop it by hand: "
        f"pid {', '.join(map(str, find())) or 'gone just now, start again'}."
    )


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _pid_in(pid_file: Path) -> int | None:
    try:
        pid = int(pid_file.read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if pid > 0 else None


def _serves(pid: int, cluster: Path) -> bool:
    """Whether that process is a living PostgreSQL of that cluster."""
    if PROC.joinpath("self", "stat").exists():
        return _works_in(pid, cluster)
    command = ["/bin/ps", "-o", "stat=,command=", "-p", str(pid)]
    output = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace").stdout.strip()
    return not output.startswith("Z") and str(cluster) in output


def _processes_in(cluster: Path) -> list[int]:
    """Every living PostgreSQL process of that cluster; without /proc (macOS) PostgreSQL's shared memory check waits."""
    if not PROC.joinpath("self", "stat").exists():
        return []
    pids = (int(process.name) for process in PROC.iterdir() if process.name.isdigit())
    return [pid for pid in pids if _works_in(pid, cluster)]


def _works_in(pid: int, cluster: Path) -> bool:
    """Every PostgreSQL process has its cluster as working directory (Linux)."""
    process = PROC / str(pid)
    try:
        name, _, rest = (process / "stat").read_text(errors="replace").partition("(")[2].rpartition(")")
        return name == "postgres" and rest.split()[0] not in "ZX" and (process / "cwd").samefile(cluster)
    except (OSError, IndexError):  # gone meanwhile, or not ours to look at: then it is no server of our cluster
        return False
