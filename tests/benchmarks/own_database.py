"""An embedded PostgreSQL for a benchmark that needs no running server."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from trace_store.embedded import EmbeddedPostgres
from trace_store.migrate import migrate


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """A migrated database on a server of its own."""

    conninfo: str
    version: str  # of PostgreSQL
    postmaster: int  # process id


@contextmanager
def own_database(keep: Path | None = None) -> Iterator[OwnDatabase]:
    """For the length of the block, in a temporary folder; in `keep` it stays, and is there the next time."""
    folder = keep or Path(tempfile.mkdtemp(prefix="rainbarrel-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "data")
    try:
        conninfo = server.start()
        migrate(conninfo)
        with psycopg.connect(conninfo) as connection:
            version = str(connection.info.parameter_status("server_version"))
        yield OwnDatabase(conninfo, version, int((folder / "data/postgresql/postmaster.pid").read_text().split()[0]))
    finally:
        server.stop()
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
