"""The test of a channel: a message goes the whole way, through the outbox and the processor, and is waited for."""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

from trace_store.alerts.outbox import DeliveryReader

PATIENCE_S = 40.0  # longer than an attempt may take
LOOK_INTERVAL_S = 0.1
SUBJECT = {
    "kind": "test",
    "title": "Test message from Rainbarrel",
    "what": "Somebody pressed the test button of this channel. Alerts will arrive like this one.",
}


@dataclass(frozen=True, slots=True)
class ChannelTest:
    """What came of it."""

    delivered: bool
    sentence: str
    delivery_id: UUID | None


async def send_test(deliveries: DeliveryReader, project_id: int, channel_id: int) -> ChannelTest:
    """Sends a test message, tried once; what came of it, or that no processor took it."""
    delivery_id = await deliveries.put(project_id, channel_id, f"test:{uuid4()}", SUBJECT)
    if delivery_id is None:
        return ChannelTest(False, "There is no such channel any more.", None)
    deadline = time.monotonic() + PATIENCE_S
    attempts = 0
    while time.monotonic() < deadline:
        known = await deliveries.one(project_id, delivery_id)
        if known is None:
            return ChannelTest(False, "There is no such channel any more.", None)
        if known.delivered_at is not None:
            note = f" {known.last_error}" if known.last_error else ""
            return ChannelTest(True, f"The endpoint has taken the test message.{note}", delivery_id)
        if known.failed_at is not None:
            return ChannelTest(False, f"The test message was not delivered. {known.last_error}", delivery_id)
        attempts = known.attempts
        await asyncio.sleep(LOOK_INTERVAL_S)
    waited = f"within {PATIENCE_S:g} s"
    said = (
        f"The endpoint gave no answer {waited}."
        if attempts
        else f"No processor took the test message {waited}: is one running?"
    )
    return ChannelTest(False, said, delivery_id)
