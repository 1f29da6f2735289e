"""The settings that we give PostgreSQL, and the address where it listens.

Tuned for steady inserts by few connections on a machine that is not its own; durability is never traded away.
"""

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from trace_store.embedded.cluster import DATABASE, SUPERUSER

MIB = 1024 * 1024
SOCKET_PORT = 5432  # only part of the socket's file name
SOCKET_PATH_BYTES_MAX = 103  # sun_path on macOS; Linux has 107
SHARED_BUFFERS_MIB_MIN, SHARED_BUFFERS_MIB_MAX = 128, 2048
CGROUP_MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

SETTINGS = """\
# Written by Rainbarrel at every start; put your own settings at the end of postgresql/postgresql.conf.
listen_addresses = '{listen_addresses}'
port = {port}
unix_socket_directories = '{socket_folder}'
unix_socket_permissions = 0700
max_connections = 60
max_locks_per_transaction = 256  # a month of days is 200 tables and indexes: locked without the shared table
password_encryption = 'scram-sha-256'
client_connection_check_interval = '10s'

# Nothing acknowledged is ever lost.
fsync = on
synchronous_commit = on
full_page_writes = on

shared_buffers = '{shared_buffers_mib}MB'
effective_cache_size = '{effective_cache_mib}MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
jit = off
random_page_cost = 1.1

# Few checkpoints: every page is written whole to the WAL once after each. This build has no lz4 or zstd to compress it.
max_wal_size = '4GB'
min_wal_size = '512MB'
wal_buffers = '32MB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9

# The work queue turns over all the time: visit often.
autovacuum_naptime = '20s'
autovacuum_vacuum_scale_factor = 0.1
autovacuum_analyze_scale_factor = 0.05

# To standard error, which the guard sends to postgresql.log. Terse, because DETAIL and CONTEXT lines quote users' data.
logging_collector = off
log_destination = 'stderr'
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
log_lock_waits = on
log_autovacuum_min_duration = '60s'
log_line_prefix = '%m [%p] '
log_timezone = 'UTC'
timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens: a Unix socket in `socket_folder`, or `port` on the loopback address."""

    socket_folder: Path | None
    port: int

    def url(self, password_file: Path) -> str:
        """A libpq URL; the password stays in its file."""
        passfile = f"passfile={quote(str(password_file), safe='')}"
        if self.socket_folder is not None:
            return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self.socket_folder), safe='')}&{passfile}"
        # Whoever takes the port while our server is down must not be able to ask for the password in clear.
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{DATABASE}?{passfile}&require_auth=scram-sha-256"


def choose_address(cluster: Path) -> Address:
    """The socket in the cluster's folder (0700), or TCP with a free port where the path is no possible socket path."""
    path = str(cluster / f".s.PGSQL.{SOCKET_PORT}")
    # libpq reads a comma as a list of hosts, PostgreSQL reads a double quote as quoting.
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX and not re.search(r"[,\"\n]", path):
        return Address(cluster, SOCKET_PORT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return Address(None, port)


def settings_text(address: Address) -> str:
    """The content of rainbarrel.conf for this machine and address."""
    memory_mib = memory_bytes() // MIB
    return SETTINGS.format(
        listen_addresses="" if address.socket_folder else "127.0.0.1",
        port=address.port,
        socket_folder=str(address.socket_folder or "").replace("'", "''"),
        shared_buffers_mib=max(SHARED_BUFFERS_MIB_MIN, min(SHARED_BUFFERS_MIB_MAX, memory_mib // 4)),
        effective_cache_mib=max(2 * SHARED_BUFFERS_MIB_MIN, memory_mib // 2),
    )


def memory_bytes() -> int:
    """Memory that this machine, or the container that we are in, has."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in map(Path, CGROUP_MEMORY_LIMITS):
        if path.is_file() and (limit := path.read_text().strip()).isdigit():
            return min(physical, int(limit))
    return physical
