"""`server.json` in the data directory: how `export`, `import`, `doctor` and `demo` find the running server."""

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trace_store.embedded.data_directory import write_own_file

NAME = "server.json"


@dataclass(frozen=True, slots=True)
class ServerFile:
    """What a running server says of itself; its owner alone can read the file, for what is secret in it."""

    pid: int  # the supervisor
    version: str
    url: str  # the pages, and OTLP over HTTP below it
    grpc_endpoint: str
    database_url: str
    tier: str  # label of the storage tier
    workers: int
    own_key: str = ""  # an admin key of this run, so that commands of the same user need none
    certificate_file: str = ""  # what it shows where it speaks TLS
    key_file: str = ""  # of that certificate
    own_client_file: str = ""  # certificate and key to show it where clients have to (web/tls/own_certificate.py)

    @classmethod
    def of_this_process(cls, **fields: Any) -> "ServerFile":
        """The other fields, with our own pid."""
        return cls(pid=os.getpid(), **fields)

    def write(self, data_dir: Path) -> None:
        """Say that this server runs; replaces the file of an earlier one in one step."""
        write_own_file(data_dir / NAME, json.dumps(asdict(self), indent=1) + "\n")


def read_running(data_dir: Path) -> ServerFile | None:
    """The server that runs on this data directory; None without one, or when its file is a leftover of a dead one."""
    try:
        server = ServerFile(**json.loads((data_dir / NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return server if _is_held(data_dir, server.pid) else None


def remove(data_dir: Path) -> None:
    """Say that no server runs any more."""
    with contextlib.suppress(OSError):
        (data_dir / NAME).unlink()


def _is_held(data_dir: Path, pid: int) -> bool:
    """Whether this process holds the data directory: pids are used again, and a zombie still has one."""
    try:
        with (data_dir / "lock").open() as lock:
            if lock.read().strip() != str(pid):
                return False
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # given back when the file closes
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False
