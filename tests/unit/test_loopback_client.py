"""Which addresses of clients are of this machine, as ASGI and gRPC write them."""

import pytest

from otlp_receiver.access import is_loopback_client


@pytest.mark.parametrize(
    ("client", "is_local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("ipv4:127.0.0.1:4321", True),
        ("ipv6:%5B::1%5D:4321", True),
        ("ipv6:[::1]:4321", True),
        ("unix:/tmp/socket", True),
        ("10.0.0.5", False),
        ("::ffff:10.0.0.5", False),
        ("ipv4:10.0.0.5:4321", False),
        ("ipv6:%5B2001:db8::1%5D:1", False),
        ("", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback(client: str, is_local: bool) -> None:
    assert is_loopback_client(client) is is_local
