"""What a receiver takes in memory for those who mean it ill: idle clients, bombs, large messages, half of messages."""

from collections.abc import Iterator

import pytest

from tests.faults import hostile_memory, idle_connections
from tests.fix_server import RunningServer, running_server

pytestmark = pytest.mark.thorough
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server() as started:
        yield started


def test_idle_connections_take_little_and_hinder_nobody(server: RunningServer) -> None:
    process = idle_connections.front_process(server.process.pid)
    found = idle_connections.measure(server.url, server.grpc_endpoint, process, 3000)
    assert found.bytes_per_connection < 32 * 1024
    assert found.again - found.during < 28 * MIB  # less than as many more would take


@pytest.mark.parametrize("attack", ["zstd_bombs", "large_json", "large_grpc"])  # the others by command
def test_no_attack_takes_more_than_the_bound(server: RunningServer, attack: str) -> None:
    process = idle_connections.front_process(server.process.pid)
    peak = hostile_memory.peak_bytes(process, hostile_memory.ATTACKS[attack], server)
    assert peak < hostile_memory.BOUND_BYTES, f"{attack}: {peak / MIB:.0f} MiB"
    idle_connections.export(server.url)
