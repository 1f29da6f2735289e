"""Upgrade on data: what an older schema holds is read, after the migration, as if it had been stored today."""

import time
from typing import Any

import psycopg
import pytest

from otlp_receiver.decode_protobuf import decode_traces
from tests.fix_pages import running_pages, store
from trace_store import migrate as migrate_module
from trace_store.migrate import migrate, migrations, schema_version
from trace_store.model import AcceptedSpan
from web.demo.runs import FINISHED
from web.demo.spans import RunRecorder, export_request

WHEN_DERIVED = {"derived_at", "derived_age_s"}


async def answers(conninfo: str, trace_ids: list[str]) -> dict[str, Any]:
    """What is derived of what lies in the store, and the bytes as they were sent."""
    async with running_pages(conninfo) as pages:
        await pages.derive()
        found = {f"/api/traces/{trace_id}": await pages.json(f"/api/traces/{trace_id}") for trace_id in trace_ids}
        bytes_sent = [(await pages.get(f"/api/traces/{trace_id}/otlp")).content for trace_id in trace_ids]
    return {
        path: {name: value for name, value in trace.items() if name not in WHEN_DERIVED}
        for path, trace in found.items()
    } | {"bytes": bytes_sent}


@pytest.mark.parametrize("version_before", [1, 12, schema_version() - 1])
async def test_spans_of_an_older_schema_read_the_same(
    version_before: int, database: str, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorders = [RunRecorder(run, time.time_ns() - 20 * 10**9, f"chat-{n}") for n, run in enumerate(FINISHED)]
    spans: list[AcceptedSpan] = []
    for recorder in recorders:
        spans += decode_traces(export_request(recorder.record()), 1).spans
    older = migrations()[:version_before]
    with monkeypatch.context() as before:
        before.setattr(migrate_module, "migrations", lambda: older)
        assert migrate(empty_database).applied == tuple(migration.name for migration in older)
    await store(empty_database, spans)
    report = migrate(empty_database)
    assert (report.version_before, report.version) == (version_before, schema_version())
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT count(*) FROM rainbarrel.spans").fetchone() == (len(spans),)

    await store(database, spans)
    trace_ids = [recorder.trace_id.hex() for recorder in recorders]
    upgraded, fresh = await answers(empty_database, trace_ids), await answers(database, trace_ids)
    assert upgraded == fresh
    assert sum(len(trace["loops"]) for path, trace in upgraded.items() if path != "bytes") >= 1
