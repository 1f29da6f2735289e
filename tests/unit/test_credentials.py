"""Which key a request carries, however it was sent."""

import base64

import pytest

from otlp_receiver.credentials import given_key


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, ""),
        ({"authorization": "Bearer k1"}, "k1"),
        ({"authorization": "bearer   k1 "}, "k1"),
        ({"authorization": basic("pk-public:k1")}, "k1"),
        ({"authorization": basic("k1:")}, "k1"),
        ({"authorization": basic("a:b:c")}, "b:c"),
        ({"authorization": "Basic %%%"}, ""),
        ({"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}, ""),
        ({"authorization": "Digest x"}, ""),
        ({"authorization": "Digest x", "x-api-key": "k2"}, "k2"),
        ({"authorization": "Bearer"}, ""),
        ({"x-api-key": " k2 "}, "k2"),
        ({"api-key": "k3"}, "k3"),
        ({"authorization": "Bearer k1", "x-api-key": "k2"}, "k1"),
    ],
)
def test_the_key_is_found(headers: dict[str, str], key: str) -> None:
    assert given_key(headers) == key
