"""Two receivers, two processors and two web servers, as on several machines, against one database.

Each request reaches another receiver than the one before, a third of them is repeated at the other one, and both web
servers have to answer the same: what one receiver and one processor make of the same requests.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from tests.faults.crash_world import CrashWorld, crash_world, wait_for_deliveries
from tests.faults.fixed_load import Lane, deliver, fixed_load
from tests.faults.retrying_sender import HttpExporter
from tests.faults.role_process import Receiver, Web, processor
from tests.faults.whole_database import differences, wait_until_derived, whole_database

pytestmark = pytest.mark.thorough


@pytest.fixture
def world() -> Iterator[CrashWorld]:
    with crash_world() as made:
        yield made


def test_two_of_each_role(world: CrashWorld) -> None:
    alone, together = world.create_migrated(), world.create_migrated()
    tables = run(world, alone, 1)
    assert differences(run(world, together, 2), tables) == []
    with Web(together, world.new_log("web")) as first, Web(together, world.new_log("web")) as second:
        for web in (first, second):
            web.wait_until_ready()
        assert answers(first) == answers(second)


def run(world: CrashWorld, conninfo: str, count: int) -> dict[str, list[str]]:
    """So many receivers and processors; everything is derived while it comes in."""
    with ExitStack() as stack:
        receivers = [stack.enter_context(Receiver(conninfo, world.new_log("receive"))) for _ in range(count)]
        for _ in range(count):
            stack.enter_context(processor(conninfo, world.new_log("process")))
        for receiver in receivers:
            receiver.wait_until_ready()
        for number, lane in enumerate(fixed_load()):
            there = receivers[number % count]
            deliver([lane], there.url, there.grpc_endpoint, lambda: None)
            if lane.protocol == "grpc":
                send_again(lane, receivers[(number + 1) % count])
        wait_until_derived(conninfo)
        wait_for_deliveries(conninfo)
        return whole_database(conninfo)


def send_again(lane: Lane, receiver: Receiver) -> None:
    """The other receiver gets them too: a sender that saw no answer may reach any of them."""
    with closing(HttpExporter(receiver.url, 60.0)) as exporter:
        assert {exporter.send(request.body)[0] for request in lane.requests} == {"acknowledged"}


def answers(web: Web) -> list[Any]:
    """The list of traces, and each of them as derived."""
    found = get(web, "/api/traces")
    ids = [trace["trace_id"] for trace in found["traces"]]
    assert ids
    return [ids, *(get(web, f"/api/traces/{trace_id}") for trace_id in ids)]


def get(web: Web, path: str) -> Any:
    response = httpx.get(web.url + path, timeout=60)
    assert response.status_code == 200, response.text
    return json.loads(response.content)
