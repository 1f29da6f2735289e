"""Every numbered step of the data path x (kill -9 of its process, kill -9 of PostgreSQL, the line to it cut).

Senders repeat what is not acknowledged. Afterwards every table equals that of a run that nothing disturbed, which is
more than "acknowledged is stored exactly once". docs/reliability.md shows this table.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.crash_world import CrashWorld, crash_world, end_leases, name_of, wait_for_deliveries
from tests.faults.fixed_load import deliver, fixed_load
from tests.faults.role_process import Receiver, RoleProcess, Web, processor
from tests.faults.whole_database import differences, wait_until_derived, whole_database
from tests.fix_proxy import DatabaseProxy, database_proxy
from trace_store.failpoints import PLACES

pytestmark = pytest.mark.thorough

RECEIVING = ("receive", "decode", "commit", "mark", "committed")
PROCESSING = ("normalise", "derive", "derived", "alert", "deliver", "delivered")
FAULTS = ("process killed", "database killed", "line cut")
ACTIONS = {"process killed": "kill", "database killed": "stop", "line cut": "stop"}
NTH = 2  # something went well before
NTH_OF = {"normalise": 1}  # all traces may fit into one claim


def test_every_place_is_in_the_matrix() -> None:
    assert {*RECEIVING, *PROCESSING, "render"} == PLACES.keys() - {"migrate"}  # which has a test of its own


@dataclass(frozen=True)
class Undisturbed:
    """A run without faults: the database after it, before deriving, and what was found in it."""

    received: str
    derived: str
    tables: dict[str, list[str]]
    messages: int


@pytest.fixture(scope="module")
def world() -> Iterator[CrashWorld]:
    with crash_world() as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(world: CrashWorld) -> Undisturbed:
    received = world.create_migrated()
    with Receiver(received, world.new_log("receive")) as receiver:
        receiver.wait_until_ready()
        lanes = fixed_load()
        deliver(lanes, receiver.url, receiver.grpc_endpoint, lambda: None)
    assert [lane.attempts for lane in lanes] == [len(lane.requests) for lane in lanes]
    derived = world.create(name_of(received))
    log = world.new_log("process")
    with processor(derived, log):
        tables = derived_database(derived, log)
    empty = {table for table in ("spans", "findings", "loops", "interactions", "users", "outbox") if not tables[table]}
    assert not empty, f"the load fills no {empty}"
    return Undisturbed(received, derived, tables, len(tables["outbox"]))


def derived_database(conninfo: str, log: Path) -> dict[str, list[str]]:
    try:
        wait_until_derived(conninfo)
        wait_for_deliveries(conninfo)
    except AssertionError as error:
        raise AssertionError(f"{error}; the log of its processor: {log.read_text()[-4000:]}") from error
    return whole_database(conninfo)


def happen(fault: str, role: Receiver | RoleProcess | Web, world: CrashWorld, proxy: DatabaseProxy) -> None:
    """Wait until the role is at its failpoint, and do what the fault is."""
    if fault == "process killed":
        role.wait_for_kill()
        return
    role.wait_for_stop()
    if fault == "database killed":
        world.kill_database()
    else:
        proxy.cut()
    role.go_on()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", RECEIVING)
def test_while_receiving(world: CrashWorld, undisturbed: Undisturbed, place: str, fault: str) -> None:
    conninfo = world.create_migrated()
    with database_proxy(conninfo) as proxy:
        log = world.new_log("receive")
        first = Receiver(proxy.conninfo, log, failpoints=f"{place}={ACTIONS[fault]}@{NTH}")
        with first:
            first.wait_until_ready()
            later: list[Receiver] = []

            def disturb() -> None:
                happen(fault, first, world, proxy)
                if fault == "process killed":
                    later.append(Receiver(proxy.conninfo, log, ports=first.ports))

            lanes = fixed_load()
            deliver(lanes, first.url, first.grpc_endpoint, disturb)
        for receiver in later:
            receiver.kill()
    if fault == "process killed":
        assert sum(lane.attempts for lane in lanes) > sum(len(lane.requests) for lane in lanes)
    log = world.new_log("process")
    with processor(conninfo, log):
        assert differences(derived_database(conninfo, log), undisturbed.tables) == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", PROCESSING)
def test_while_processing(world: CrashWorld, undisturbed: Undisturbed, place: str, fault: str) -> None:
    conninfo = world.create(name_of(undisturbed.received))
    told_before = len(world.hook.delivery_ids)
    with database_proxy(conninfo) as proxy:
        log = world.new_log("process")
        with processor(proxy.conninfo, log, failpoints=f"{place}={ACTIONS[fault]}@{NTH_OF.get(place, NTH)}") as first:
            happen(fault, first, world, proxy)
            if fault == "process killed":
                end_leases(conninfo)
            with processor(proxy.conninfo, log) if fault == "process killed" else first:
                assert differences(derived_database(conninfo, log), undisturbed.tables) == []
    told = world.hook.delivery_ids[told_before:]
    assert len(set(told)) == undisturbed.messages
    repeats_max = 1 if fault == "process killed" else 0  # what its channel was being told, answered but not yet noted
    assert len(told) - len(set(told)) <= repeats_max


@pytest.mark.parametrize("fault", FAULTS)
def test_while_rendering(world: CrashWorld, undisturbed: Undisturbed, fault: str) -> None:
    with Web(undisturbed.derived, world.new_log("web")) as web:
        web.wait_until_ready()
        expected = answers(web)
    with database_proxy(undisturbed.derived) as proxy, ThreadPoolExecutor(1) as reader:
        log = world.new_log("web")
        first = Web(proxy.conninfo, log, failpoints=f"render={ACTIONS[fault]}")
        with first:
            first.wait_until_ready()
            asked = reader.submit(partial(httpx.get, first.url + "/api/traces", timeout=60))
            happen(fault, first, world, proxy)
            if fault == "process killed":
                assert isinstance(asked.exception(), httpx.TransportError)
            else:
                assert asked.result().status_code in (200, 503), asked.result().text
            with Web(proxy.conninfo, log) if fault == "process killed" else first as web:
                web.wait_until_ready()
                assert answers(web) == expected


def answers(web: Web) -> list[Any]:
    """The list of traces, and each of its first traces as derived."""
    found = get(web, "/api/traces")
    ids = [trace["trace_id"] for trace in found["traces"]]
    assert ids
    return [ids, *(get(web, f"/api/traces/{trace_id}") for trace_id in ids[:5])]


def get(web: Web, path: str) -> Any:
    response = httpx.get(web.url + path, timeout=60)
    assert response.status_code == 200, response.text
    return json.loads(response.content)
