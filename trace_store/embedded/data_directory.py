"""The data directory: where it is, how it is made, and the lock that gives it to one process."""

import os
import sys
from pathlib import Path

import platformdirs

from trace_store.exceptions import DataDirectoryInUse, EmbeddedServerError

if sys.platform != "win32":
    import fcntl

NAME = "rainbarrel"


def default_data_dir() -> Path:
    """Where data goes without --data-dir: the user's data folder, or the system's for root (whose home is closed)."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return platformdirs.user_data_path(NAME, appauthor=False)
    return Path("/var/lib", NAME) if sys.platform != "darwin" else Path("/Library/Application Support", NAME)


def make_data_dir(data_dir: Path) -> None:
    """Create the folder (and missing parents) so that the server's user can pass through it; existing ones stay as is.

    Raises EmbeddedServerError.
    """
    root = os.geteuid() == 0
    missing = [each for each in (data_dir, *data_dir.parents) if not each.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir()
            # As root PostgreSQL's user must pass, whatever our umask; it may not list.
            folder.chmod((0o711 if root else 0o700) if folder == data_dir else 0o755)
    except OSError as error:
        raise EmbeddedServerError(
            f"Cannot create the data directory {data_dir}: {error.strerror}. "
            "Pass --data-dir with a folder that you may write to."
        ) from error


def open_own_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open or create a file of ours in the data directory, never through a symbolic link.

    As root in a data directory of another user the file becomes that user's, who must be able to start later.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def write_own_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file of ours in the data directory in one step."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(open_own_file(partial, os.O_WRONLY | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


# A forked child shares its parent's lock, and would keep it beyond the parent's death.
_held: set[int] = set()


def _close_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_close_in_child)


class DataDirectoryLock:
    """Exclusive use of a data directory; the kernel drops it when the process dies, however that happens."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock and write our pid into it; False when we had it already.

        Raises DataDirectoryInUse naming the holder.
        """
        if self._descriptor is not None:
            return False
        path = self._data_dir / "lock"
        try:
            descriptor = open_own_file(path, os.O_RDWR, 0o644)
        except OSError as error:
            raise EmbeddedServerError(
                f"Cannot open {path}: {error.strerror}. Start Rainbarrel as the owner of the folder or pass --data-dir."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DataDirectoryInUse(
                f"Another Rainbarrel (pid {holder}) already runs on the data directory {self._data_dir}. "
                "Stop it, or pass --data-dir with another folder to run a second one beside it."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        _held.add(descriptor)
        return True

    def release(self) -> None:
        """Give the directory free; harmless without the lock."""
        if self._descriptor is not None:
            _held.discard(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
