"""The database cluster: made once by initdb, in one step; its version and its password."""

import contextlib
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from trace_store.embedded.binaries import Binaries
from trace_store.embedded.data_directory import open_own_file, write_own_file
from trace_store.embedded.privileges import ServerUser
from trace_store.exceptions import EmbeddedServerError

SUPERUSER = "rainbarrel"
DATABASE = "postgres"
INITDB_TIMEOUT_S = 300.0
# The settings live beside the cluster: its folder belongs to the unprivileged user, this file to us.
SETTINGS_FILE = "rainbarrel.conf"
INCLUDE = f"""
# Rainbarrel writes {SETTINGS_FILE} at every start. Your own settings go below this line and win.
include = '../{SETTINGS_FILE}'
"""


def cluster_folder(data_dir: Path) -> Path:
    """PostgreSQL's own folder inside the data directory."""
    return data_dir / "postgresql"


def password_file(data_dir: Path) -> Path:
    """libpq's password file: with it, no command line and no log ever carries the password."""
    return data_dir / "pgpass"


def require_usable(data_dir: Path, major: int) -> None:
    """Make sure that the existing cluster was made by this major version and that we have its password.

    Raises EmbeddedServerError.
    """
    cluster = cluster_folder(data_dir)
    if not password_file(data_dir).is_file():
        raise EmbeddedServerError(
            f"{password_file(data_dir)} is missing: restore it, it holds the database's password."
        )
    try:
        found = (cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise EmbeddedServerError(
            f"{cluster} is no readable PostgreSQL cluster ({error.strerror}: PG_VERSION). "
            "Restore it from a backup, or pass another --data-dir."
        ) from error
    if found != str(major):
        raise EmbeddedServerError(
            f"{cluster} was made by PostgreSQL {found}, but this Rainbarrel runs PostgreSQL {major}. Export the traces "
            "with the Rainbarrel that wrote them and import them into a new --data-dir, or run pg_upgrade."
        )


def create_cluster(data_dir: Path, binaries: Binaries, user: ServerUser) -> None:
    """Make the cluster with a fresh password; an interrupted attempt leaves nothing that looks like a cluster.

    Raises EmbeddedServerError with what initdb said.
    """
    partial = data_dir / "postgresql.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    password = secrets.token_urlsafe(32)
    password_for_initdb = data_dir / "initdb.password"
    password_for_initdb.unlink(missing_ok=True)
    try:
        with os.fdopen(open_own_file(password_for_initdb, os.O_WRONLY | os.O_EXCL), "w") as file:
            file.write(password)
            if user.switch:
                os.chown(partial, user.uid, user.gid)
                os.fchown(file.fileno(), user.uid, user.gid)
        _initdb(partial, password_for_initdb, binaries, user)
        settings_descriptor = os.open(partial / "postgresql.conf", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        with os.fdopen(settings_descriptor, "a") as settings:
            settings.write(INCLUDE)
        write_own_file(password_file(data_dir), f"*:*:*:{SUPERUSER}:{password}\n")
        partial.rename(cluster_folder(data_dir))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        with contextlib.suppress(OSError):
            password_for_initdb.unlink()


def _initdb(cluster: Path, password: Path, binaries: Binaries, user: ServerUser) -> None:
    # Text compares by code point: the fastest index order, and the same on every machine.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []  # new in 17
    command = [str(binaries.initdb), "--pgdata", str(cluster), "--username", SUPERUSER, "--pwfile", str(password)]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", *locale, "--data-checksums"]
    try:
        result = user.run(command, INITDB_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedServerError(
            f"initdb did not finish within {INITDB_TIMEOUT_S:.0f} s on {cluster.parent}."
        ) from error
    if result.returncode != 0:
        raise EmbeddedServerError(f"initdb failed in {cluster.parent}: {last_lines(result.stderr or result.stdout)}")


def last_lines(text: str, lines: int = 8) -> str:
    """The end of a program's output, on one line, for an error message."""
    return (
        " | ".join(line.strip() for line in text.strip().splitlines()[-lines:] if line.strip()) or "(it said nothing)"
    )
