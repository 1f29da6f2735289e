"""Reads the body of an HTTP request, piece by piece, under a limit, a time limit and the byte budget."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from otlp_receiver.byte_budget import Reservation
from otlp_receiver.decompress import too_large
from otlp_receiver.exceptions import BodyTimeout

BODY_TIMEOUT_S = 30.0  # between two pieces of a body

Receive = Callable[[], Awaitable[dict[str, Any]]]


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


async def read_body(receive: Receive, reservation: Reservation, bytes_max: int, timeout_s: float) -> list[bytes]:
    """The whole body in pieces, as they came; each is counted then.

    Raises BodyTooLarge, BodyTimeout, Overloaded and ClientGone.
    """
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            async with asyncio.timeout(timeout_s):
                message = await receive()
        except TimeoutError:
            raise BodyTimeout(f"no more of the body came within {timeout_s:.0f} s") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = message.get("body", b"")
        size += len(piece)
        if size > bytes_max:
            raise too_large(bytes_max)
        reservation.resize(size)
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces
