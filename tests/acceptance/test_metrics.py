"""`GET /metrics`: what Prometheus reads of a server of two front processes, and with which keys."""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from otlp_receiver.commit_counts import series
from otlp_receiver.decode import decode_traces
from otlp_receiver.group_commit import GroupCommit
from tests.fix_server import RunningServer, running_server
from tests.otlp_made import trace_request
from tests.run_cli import rainbarrel, request_json, span_json
from trace_store.exceptions import StoreUnavailable
from trace_store.writer import SpanWriter
from web.processes.metrics import FAMILIES, exposition
from web.processes.shared_counts import SharedCounts

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
NOWHERE = "host=127.0.0.1 port=1 dbname=none connect_timeout=2"


@pytest.fixture(scope="module")
def guarded() -> Iterator[RunningServer]:
    with running_server("--host", "0.0.0.0", "--workers", "2") as server:
        yield server


def samples(text: str) -> Samples:
    """Every sample, read as Prometheus reads it; every family is described."""
    families = list(text_string_to_metric_families(text))
    assert {family.type for family in families} == {"counter", "gauge", "histogram"}
    assert all(family.documentation for family in families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def key(server: RunningServer, kind: str, *projects: str) -> str:
    words = [word for project in projects for word in ("--project", project)]
    made = rainbarrel("keys", "create", "--kind", kind, "--name", "m", *words, "--json", "--data-dir", server.data_dir)
    assert made.returncode == 0, made.stderr
    return str(re.findall(rf"rb_{kind}_[\w-]{{43}}", made.stdout.decode())[0])


def scrape(server: RunningServer, access_key: str) -> httpx.Response:
    return httpx.get(f"{server.url}/metrics", headers={"authorization": f"Bearer {access_key}"}, timeout=60)


def send(server: RunningServer, access_key: str, *spans: dict[str, object]) -> None:
    headers = {"content-type": "application/json", "x-api-key": access_key}
    answer = httpx.post(f"{server.url}/v1/traces", content=request_json(*spans), headers=headers, timeout=60)
    assert answer.status_code == 200


def of_traces(found: Samples, name: str, **labels: str) -> float:
    return found.get((name, tuple(sorted({"signal": "traces", **labels}.items()))), 0.0)


def wait_for(server: RunningServer, access_key: str, holds: Callable[[Samples], bool]) -> Samples:
    deadline = time.monotonic() + 180
    while not holds(found := samples(scrape(server, access_key).text)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_counts_of_both_front_processes_are_summed_and_outlive_them(guarded: RunningServer) -> None:
    admin = guarded.admin_key()
    before = samples(scrape(guarded, admin).text)
    known, old = span_json(secrets.token_hex(16)), span_json(secrets.token_hex(16), startTimeUnixNano="1")
    bad = span_json(secrets.token_hex(16), spanId="00" * 8)
    send(guarded, admin, known, old)
    for _ in range(20):  # new connections, so that both processes get some
        send(guarded, admin, known, bad)
    expected = {"accepted": 2, "duplicate": 20, "late": 1}

    def grown(found: Samples) -> dict[str, float]:
        names = {outcome: f"rainbarrel_records_{outcome}_total" for outcome in expected}
        return {outcome: of_traces(found, name) - of_traces(before, name) for outcome, name in names.items()}

    def is_all(found: Samples) -> bool:  # what the process that was not asked counted is told a little later
        rejected = of_traces(found, "rainbarrel_records_rejected_total", reason="span_id_zero")
        fronts = found["rainbarrel_queue_bytes_max", ()] / (256 * 1024**2)
        return (grown(found), rejected, fronts) == (expected, 20, 2)

    found = wait_for(guarded, admin, is_all)
    commits = found["rainbarrel_commit_seconds_count", ()]
    assert commits == found["rainbarrel_commit_seconds_bucket", (("le", "+Inf"),)]
    assert 1 <= commits <= 21 + before["rainbarrel_commit_seconds_count", ()]
    assert found["rainbarrel_commit_seconds_sum", ()] > 0
    fronts = [child for child in psutil.Process(guarded.process.pid).children() if "front" in " ".join(child.cmdline())]
    assert len(fronts) == 2
    fronts[0].kill()
    fronts[0].wait(180)
    alive = wait_for(guarded, admin, lambda found: of_traces(found, "rainbarrel_records_duplicate_total") >= 20)
    assert grown(alive) == expected


def test_the_state_of_the_database_stands_beside_them(guarded: RunningServer) -> None:
    admin = guarded.admin_key()
    found = wait_for(guarded, admin, lambda found: found["rainbarrel_dirty_marks", ()] == 0)
    assert found["rainbarrel_database_up", ()] == 1
    assert found["rainbarrel_derive_lag_seconds", ()] == 0
    states = {labels[0][1] for name, labels in found if name == "rainbarrel_deliveries"}
    assert states == {"waiting", "delivered", "failed"}


def test_only_a_key_that_reads_everything_opens_them(guarded: RunningServer) -> None:
    assert rainbarrel("projects", "create", "shop", "--data-dir", guarded.data_dir).returncode == 0
    refused = guarded.get("/metrics")
    assert (refused.status_code, "www-authenticate" in refused.headers) == (401, True)
    assert scrape(guarded, key(guarded, "read")).status_code == 200
    assert scrape(guarded, key(guarded, "write")).status_code == 403
    of_one = scrape(guarded, key(guarded, "read", "shop"))
    assert (of_one.status_code, of_one.text) == (403, "Metrics tell of all projects; this key opens only some.\n")
    changed = httpx.post(f"{guarded.url}/metrics", timeout=60)
    assert (changed.status_code, changed.headers["allow"]) == (405, "GET, HEAD")


async def test_a_new_process_goes_on_from_what_the_old_one_counted(database: str, tmp_path: Path) -> None:
    request = trace_request("a", "b").SerializeToString()
    for round_number in (1, 2):
        writer = SpanWriter(database, 30)
        commits = GroupCommit(writer)
        commits.start()
        shared = SharedCounts(commits, tmp_path / "1.json")
        await commits.submit(decode_traces(request, "protobuf", 1))
        total = shared.total()
        await commits.close()
        await writer.close()
        assert total['rainbarrel_records_accepted_total{signal="traces"}'] == 2
        assert total['rainbarrel_records_duplicate_total{signal="traces"}'] == 2 * (round_number - 1)
        assert total["rainbarrel_queue_bytes_max"] == 256 * 1024**2
    (tmp_path / "2.json").write_bytes((tmp_path / "1.json").read_bytes())
    assert shared.total()['rainbarrel_records_accepted_total{signal="traces"}'] == 4


async def test_failed_commits_are_counted() -> None:
    commits = GroupCommit(SpanWriter(NOWHERE, 30))
    commits.start()
    with pytest.raises(StoreUnavailable):
        await commits.submit(decode_traces(trace_request("a").SerializeToString(), "protobuf", 1))
    await commits.close()
    total = SharedCounts(commits).total()
    assert (total["rainbarrel_commits_failed_total"], total["rainbarrel_commit_seconds_count"]) == (1, 0)


def test_labels_are_escaped_and_every_family_is_described() -> None:
    name = series("rainbarrel_records_rejected_total", reason='a "b" \\ c\nd')
    (family,) = text_string_to_metric_families("".join(exposition({name: 1, "unknown": 2})))
    assert family.samples[0].labels == {"reason": 'a "b" \\ c\nd'}
    assert all(kind in ("counter", "gauge", "histogram") and text.endswith(".") for kind, text in FAMILIES.values())
