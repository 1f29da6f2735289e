"""CPU time of a running `rainbarrel serve`, by part: front processes, processor, and PostgreSQL's share of each."""

import contextlib
from collections.abc import Mapping

import psutil
import psycopg

BACKENDS = """
SELECT pid, CASE WHEN application_name = 'rainbarrel writer' THEN 'database_write'
                 WHEN application_name = 'rainbarrel processor' THEN 'database_derive'
                 WHEN backend_type = 'client backend' THEN 'other'
                 ELSE 'database_write' END
FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type NOT LIKE 'autovacuum%'
"""


class CpuMeter:
    """Differences of CPU seconds; PostgreSQL's own processes (WAL, checkpoints) count as writing."""

    def __init__(self, supervisor_pid: int, connection: psycopg.Connection) -> None:
        self._supervisor = psutil.Process(supervisor_pid)
        self._connection = connection
        self._before: dict[int, float] = {}

    def start(self) -> None:
        """Counts from now on."""
        self._before = {process.pid: _cpu_s(process) for process, _ in self._processes()}

    def seconds(self) -> Mapping[str, float]:
        """Since `start`, by part."""
        found = dict.fromkeys(("front", "processor", "database_write", "database_derive", "other"), 0.0)
        for process, part in self._processes():
            found[part] += _cpu_s(process) - self._before.get(process.pid, 0.0)
        return found

    def _processes(self) -> list[tuple[psutil.Process, str]]:
        found = []
        for child in self._supervisor.children():
            command = child.cmdline()
            if "web.child" in command:
                found.append((child, "processor" if "process" in command else "front"))
        for pid, part in self._connection.execute(BACKENDS).fetchall():
            with contextlib.suppress(psutil.NoSuchProcess):  # a connection that has ended meanwhile
                found.append((psutil.Process(pid), part))
        return found


def shared_cpu_s(postmaster: int) -> float:
    """CPU seconds so far of this process and of PostgreSQL: what does not depend on what else the machine does."""
    server = psutil.Process(postmaster)
    ended = server.cpu_times()  # parallel workers
    total = _cpu_s(psutil.Process()) + ended.children_user + ended.children_system
    for child in server.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            total += _cpu_s(child)
    return float(total)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
