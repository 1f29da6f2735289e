"""A whole database as one file, and a database from such a file: with PostgreSQL's own pg_dump and pg_restore."""

import subprocess
from pathlib import Path

from trace_store.connections import connect_sync, connection_string
from trace_store.database_errors import translate_errors
from trace_store.embedded.binaries import find_binaries
from trace_store.embedded.cluster import last_lines
from trace_store.exceptions import RainbarrelError
from trace_store.queries import load

SQL = load("dump")
CLIENT_MAJOR = 18  # reads older servers too


class DumpFailed(RainbarrelError):
    """pg_dump or pg_restore did not do it; the sentence holds what they said."""


def dump(conninfo: str, file: Path) -> None:
    """Write the database as of one moment to `file`, which appears when it is whole; writers are not held up.

    Raises DumpFailed, and StoreUnavailable when the database cannot be reached.
    """
    _require_plain(conninfo)
    partial = file.with_name(file.name + ".partial")
    try:
        with partial.open("wb") as output:
            partial.chmod(0o600)  # what was sent, and the secrets of channels
            _run("pg_dump", ["--format=custom", "--no-owner", "--dbname", _conninfo(conninfo)], stdout=output.fileno())
        partial.replace(file)
    except OSError as error:
        raise DumpFailed(f"{file}: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)


def restore(conninfo: str, file: Path) -> None:
    """Fill an empty database from a file of `dump`, in one transaction: wholly or not at all.

    Raises DumpFailed, also when the database holds Rainbarrel's tables already, and StoreUnavailable.
    """
    _require_plain(conninfo)
    with translate_errors(), connect_sync(conninfo, "rainbarrel restore") as connection:
        if connection.execute(SQL.is_in_use).fetchone() != (False,):
            raise DumpFailed("This database holds Rainbarrel's tables already: restore into an empty one.")
    options = ["--single-transaction", "--exit-on-error", "--no-owner"]
    _run("pg_restore", [*options, "--dbname", _conninfo(conninfo), str(file)], stdout=subprocess.DEVNULL)


def _require_plain(conninfo: str) -> None:
    with translate_errors(), connect_sync(conninfo, "rainbarrel backup") as connection:
        if connection.execute(SQL.has_timescaledb).fetchone() == (True,):
            raise DumpFailed(
                "This database has TimescaleDB, whose restore needs steps of its own: use pg_dump of its own version, "
                "and timescaledb_pre_restore() and timescaledb_post_restore() around pg_restore."
            )


def _conninfo(conninfo: str) -> str:
    return connection_string(conninfo, "rainbarrel backup")


def _run(program: str, options: list[str], stdout: int) -> None:
    path = find_binaries(CLIENT_MAJOR).folder / "bin" / program
    ended = subprocess.run([str(path), *options], stdout=stdout, stderr=subprocess.PIPE, check=False)
    if ended.returncode:
        said = last_lines(ended.stderr.decode(errors="replace"))
        raise DumpFailed(f"{program} ended with exit code {ended.returncode}: {said}")
