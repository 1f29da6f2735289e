"""PostgreSQL refuses to run as root: which user runs it, and what that user may reach."""

import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from trace_store.exceptions import EmbeddedServerError

if sys.platform != "win32":
    import pwd

# Existing users, best first; we never create one.
UNPRIVILEGED_USERS = ("postgres", "nobody")
CHECK_TIMEOUT_S = 10.0
# Nothing of our own environment reaches PostgreSQL (PGDATA, PGPORT, LC_*...). LC_ALL keeps macOS' libc single-threaded.
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user that runs PostgreSQL; `switch` says whether we, as root, have to become it first."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(self, command: list[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run a command to its end as this user, output captured.

        Raises OSError when the user cannot start it, subprocess.TimeoutExpired.
        """
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def can_run(self, program: Path) -> bool:
        """Whether this user can start the program: tried, because mode bits do not tell about ACLs or noexec."""
        if not self.switch:
            return True
        try:
            return self.run([str(program), "--version"], CHECK_TIMEOUT_S).returncode == 0
        except OSError:
            return False

    def require_access(self, folder: Path) -> None:
        """Make sure that this user can enter `folder`.

        Raises EmbeddedServerError naming the first folder on the way that is closed; its mode is not ours to change.
        """
        if (
            not self.switch
            or self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], CHECK_TIMEOUT_S).returncode == 0
        ):
            return
        closed = next((each for each in reversed((folder, *folder.parents)) if not self._may_enter(each)), folder)
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root; it would run as user {self.name}, who may not enter {closed}. "
            f"Pass --data-dir with a folder that {self.name} can reach, or start Rainbarrel as a normal user."
        )

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def choose_user(cluster: Path) -> ServerUser:
    """Who runs the server: the owner of an existing `cluster`, else ourselves, else (as root) an unprivileged user.

    Raises EmbeddedServerError when the cluster belongs to somebody else, or root finds no user to become.
    """
    me = os.geteuid()
    owner = cluster.stat().st_uid if cluster.exists() else None
    if me != 0:
        if owner not in (None, me):
            raise EmbeddedServerError(
                f"{cluster} belongs to user {_name(owner)}: start Rainbarrel as that user or pass another --data-dir."
            )
        return ServerUser(_name(me), me, os.getegid(), switch=False)
    if owner == 0:
        raise EmbeddedServerError(
            f"{cluster} belongs to root, and PostgreSQL does not run as root: give it to an unprivileged user."
        )
    return _unprivileged_user(owner)


def _unprivileged_user(owner: int | None) -> ServerUser:
    if owner is not None:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            return ServerUser(str(owner), owner, owner, switch=True)
        return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    for name in UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerUser(name, entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and this machine has none of the users {', '.join(UNPRIVILEGED_USERS)}: "
        "start Rainbarrel as a normal user, or pass --database-url."
    )


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid if uid is not None else -1).pw_name
    except (KeyError, OverflowError):
        return str(uid)
