"""Why the embedded PostgreSQL is down, from the end of its log: a process that only has its URL can tell a user."""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from trace_store.disk_full import says_disk_full
from trace_store.embedded.cluster import password_file
from trace_store.exceptions import StoreFull

TAIL_BYTES = 16 * 1024
RUNS_AGAIN = "database system is ready to accept connections"
GRAVE = ("PANIC:  ", "FATAL:  ")
PASSING = ("the database system is ",)  # starting up, in recovery mode: told to each client that comes meanwhile


def last_words(conninfo: str) -> str:
    """One sentence; empty when PostgreSQL said nothing grave since it last ran, or is not an embedded one."""
    try:
        passfile = Path(str(conninfo_to_dict(conninfo).get("passfile") or ""))
        log = passfile.with_name("postgresql.log")
        if passfile != password_file(passfile.parent):
            return ""
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            said = file.read().decode(errors="replace").rpartition(RUNS_AGAIN)[2]
    except (OSError, ValueError):
        return ""
    lines = said.splitlines()
    grave = [
        line for line in lines if any(word in line for word in GRAVE) and not any(word in line for word in PASSING)
    ]
    if full := [line for line in lines if says_disk_full(line)]:
        return f"{StoreFull.__doc__} PostgreSQL's log says: {full[-1]}"
    return f"PostgreSQL's log says: {grave[-1]}" if grave else ""
