"""A backup restored into an empty database, and into a new data directory, gives the same answers."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from psycopg import connect

from otlp_receiver.decode_protobuf import decode_traces
from tests.fix_pages import new_key, running_pages
from tests.run_cli import rainbarrel
from trace_store.access_keys import key_digest
from web.demo.runs import FINISHED
from web.demo.spans import RunRecorder, export_request

LISTS = ("/api/traces", "/api/issues", "/api/signals", "/api/rules", "/api/alerts", "/users.json", "/tools.json")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Open to the user that root's embedded PostgreSQL runs as."""
    path = Path(tempfile.mkdtemp(prefix="rainbarrel-"))
    path.chmod(0o755)
    yield path
    rmtree(path)


async def answers(conninfo: str, trace_ids: list[str]) -> dict[str, Any]:
    """What the API says: lists (without their trends, which end now), each trace as derived, and as it was sent."""
    paths = [*LISTS, *(f"/api/traces/{trace_id}{part}" for trace_id in trace_ids for part in ("", "/otlp"))]
    async with running_pages(conninfo) as pages:
        found = {path: await pages.get(path) for path in paths}
    assert {answer.status_code for answer in found.values()} == {200}
    return {path: without_trends(answer.json()) for path, answer in found.items()}


def without_trends(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_trends(item) for name, item in value.items() if name != "trend"}
    return [without_trends(item) for item in value] if isinstance(value, list) else value


async def test_a_restored_backup_gives_the_same_answers(database: str, empty_database: str, folder: Path) -> None:
    recorders = [RunRecorder(run, time.time_ns() - 20 * 10**9, f"chat-{n}") for n, run in enumerate(FINISHED)]
    async with running_pages(database) as pages:
        for recorder in recorders:
            await pages.store_and_derive(decode_traces(export_request(recorder.record()), 1).spans)
        rule = {"kind": "count", "counts": "events", "at_least": 5, "window_s": 3600, "per": "issue"}
        made = await pages.client.post("/api/alerts", json={"name": "kept", "definition": rule})
        assert made.status_code == 201, made.text
    access_key = await new_key(database, "read", "shop")
    trace_ids = [recorder.trace_id.hex() for recorder in recorders]
    before = await answers(database, trace_ids)

    file = folder / "rainbarrel.dump"
    saved = rainbarrel("backup", file, "--database-url", database)
    assert saved.returncode == 0, saved.stderr
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == [file.name]
    restored = rainbarrel("restore", file, "--database-url", empty_database)
    assert restored.returncode == 0, restored.stderr
    assert await answers(empty_database, trace_ids) == before
    with connect(empty_database) as connection:
        kept = connection.execute("SELECT sha256 FROM rainbarrel.access_keys").fetchall()
    assert kept == [(key_digest(access_key),)]
    again = rainbarrel("restore", file, "--database-url", empty_database)
    assert (again.returncode, b"restore into an empty one" in again.stderr) == (1, True)

    new_place = rainbarrel("restore", file, "--data-dir", folder / "data")
    assert new_place.returncode == 0, new_place.stderr
    exported = rainbarrel("export", trace_ids[0], "--format", "protobuf", "--data-dir", folder / "data")
    assert (
        exported.stdout == rainbarrel("export", trace_ids[0], "--format", "protobuf", "--database-url", database).stdout
    )
    assert len(exported.stdout) > 1000


def test_a_file_that_is_no_backup_leaves_nothing_behind(empty_database: str, tmp_path: Path) -> None:
    (tmp_path / "not").write_text("no dump")
    refused = rainbarrel("restore", tmp_path / "not", "--database-url", empty_database)
    assert (refused.returncode, b"pg_restore ended with exit code" in refused.stderr) == (1, True)
    missing = rainbarrel("restore", tmp_path / "none", "--database-url", empty_database)
    assert (missing.returncode, b"There is no file" in missing.stderr) == (1, True)
    with connect(empty_database) as connection:
        assert connection.execute("SELECT to_regnamespace('rainbarrel')").fetchone() == (None,)


def test_a_backup_that_cannot_be_written_says_so(database: str, tmp_path: Path) -> None:
    refused = rainbarrel("backup", tmp_path / "none" / "file", "--database-url", database)
    assert (refused.returncode, b"No such file or directory" in refused.stderr) == (1, True)
