"""Ports are ours alone, also the one that gRPC shares among its own processes."""

import socket

import pytest

from web.processes.ports import (
    PortUnavailable,
    authority,
    is_loopback,
    needs_keys,
    open_ports,
)

HOST = "127.0.0.1"


@pytest.fixture
def ports():
    opened = open_ports(HOST, 0, 0)
    yield opened
    opened.close()


def test_port_zero_picks_free_ones(ports):
    assert ports.http_port > 0
    assert ports.grpc_port > 0
    assert ports.http_port != ports.grpc_port


def test_a_second_copy_does_not_get_the_http_port(ports):
    with pytest.raises(PortUnavailable, match=rf"Port {ports.http_port} is busy: .*--http-port"):
        open_ports(HOST, ports.http_port, 0)


def test_a_second_copy_does_not_get_the_grpc_port_although_it_can_be_shared(ports):
    with socket.socket() as serving:
        serving.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        serving.bind((HOST, ports.grpc_port))  # as a front process does
        serving.listen()
        with pytest.raises(PortUnavailable, match=rf"Port {ports.grpc_port} is busy: .*--grpc-port"):
            open_ports(HOST, 0, ports.grpc_port)


def test_the_reservation_takes_no_calls(ports):
    with socket.socket() as client:
        assert client.connect_ex((HOST, ports.grpc_port)) != 0


def test_a_refused_grpc_port_gives_the_http_port_free_again(ports):
    with socket.socket() as other:
        other.bind((HOST, 0))
        free = other.getsockname()[1]
    with pytest.raises(PortUnavailable):
        open_ports(HOST, free, ports.grpc_port)
    open_ports(HOST, free, 0).close()


def test_a_foreign_program_is_named_as_such():
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortUnavailable, match=f"another program listens on 127.0.0.1:{port}"):
            open_ports(HOST, 0, port)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(PortUnavailable, match="no address of this machine"):
        open_ports("192.0.2.1", 0, 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "192.168.1.7", "example.com", "")],
)
def test_what_only_this_machine_reaches(host, expected):
    assert is_loopback(host) is expected


def test_other_addresses_than_loopback_need_keys():
    assert needs_keys("0.0.0.0", insecure=False)
    assert needs_keys("rainbarrel.example.com", insecure=False)
    assert not needs_keys("0.0.0.0", insecure=True)
    assert not needs_keys("127.0.0.1", insecure=False)


def test_urls_work_on_this_machine():
    assert authority("0.0.0.0", 1) == "127.0.0.1:1"
    assert authority("::", 2) == "[::1]:2"
    assert authority("192.168.1.7", 3) == "192.168.1.7:3"
