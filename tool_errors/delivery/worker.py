"""The delivery worker: claims due messages, sends each within its time limit, and records what came of it.

An attempt is committed before it begins and its outcome right after it ended. So a message whose attempt failed is
repeated with the same id, one that was delivered never is; only where the process dies between the endpoint's answer
and our commit (or an endpoint took a message and never said so) one repeat follows. Channels do not wait for each
other: each has one message under way at a time.
"""

import asyncio
import logging
import random
from dataclasses import dataclass

from tool_errors.delivery.failures import DeliveryFailed
from tool_errors.delivery.sender import Sender
from trace_store.alerts.outbox import DueDelivery, Outbox
from trace_store.exceptions import RainbarrelError
from trace_store.failpoints import reach

ATTEMPTS_MAX = 15  # over about four hours
RECONNECT_DELAY_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryPace:
    """How long the worker waits for what."""

    poll_interval_s: float = 0.2  # between two looks at the outbox
    first_delay_s: float = 2.0  # before the second attempt; doubles with each further one
    delay_s_max: float = 3600.0
    lease_s: float = 60.0  # longer than any attempt; one whose process died is repeated after it
    stop_patience_s: float = 10.0  # for attempts under way when a stop is asked for
    deliveries_max: int = 16  # at once

    def delay_s(self, attempt: int, retry_after_s: float) -> float:
        """Before the attempt after this one: exponential, with jitter so that endpoints are not hit in step."""
        grown: float = min(self.delay_s_max, self.first_delay_s * 2.0 ** (attempt - 1))
        return max(grown * random.uniform(0.75, 1.0), retry_after_s)  # noqa: S311  # no secret


class DeliveryWorker:
    """Delivers until it is stopped; any number of workers may share one database."""

    def __init__(self, conninfo: str, sender: Sender, pace: DeliveryPace | None = None) -> None:
        self._outbox = Outbox(conninfo)
        self._sender = sender
        self._pace = pace or DeliveryPace()
        self._under_way: dict[asyncio.Task[None], int] = {}  # with the channel
        self._ended = asyncio.Event()  # an attempt: its channel may have more

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then ends attempts under way; a database that is away is waited for."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                delay_s = self._pace.poll_interval_s
                self._ended.clear()
                try:
                    await self._begin()
                except RainbarrelError as error:
                    log.warning("Deliveries wait for the database: %s", error)
                    delay_s = RECONNECT_DELAY_S
                except Exception:
                    log.exception("Deliveries could not be looked for; trying again in %.0f s", RECONNECT_DELAY_S)
                    delay_s = RECONNECT_DELAY_S
                ending = asyncio.create_task(self._ended.wait())
                waited_for = [stopping] if delay_s == RECONNECT_DELAY_S else [stopping, ending]
                await asyncio.wait(waited_for, timeout=delay_s, return_when=asyncio.FIRST_COMPLETED)
                ending.cancel()
        finally:
            stopping.cancel()
            await self._finish()
            await self._outbox.close()

    async def _begin(self) -> None:
        room = self._pace.deliveries_max - len(self._under_way)
        if room <= 0:
            return
        for due in await self._outbox.claim(self._under_way.values(), room, self._pace.lease_s):
            task = asyncio.create_task(self._attempt(due), name=f"delivery {due.delivery_id}")
            self._under_way[task] = due.channel_id
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._ended.set()

    async def _finish(self) -> None:
        if not self._under_way:
            return
        log.info("waiting for %d deliveries under way", len(self._under_way))
        _, late = await asyncio.wait(self._under_way, timeout=self._pace.stop_patience_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _attempt(self, due: DueDelivery) -> None:
        attempts_max = 1 if due.kind == "test" else ATTEMPTS_MAX
        if due.attempt > attempts_max:
            return await self._record(due, "The last attempt ended with the process that made it.", None)
        reach("deliver")
        try:
            note = await self._sender.send(due)
        except DeliveryFailed as error:
            retry_after_s, said = error.retry_after_s, str(error)
        except Exception:
            log.exception("Delivery %s failed", due.delivery_id)
            retry_after_s, said = 0.0, "This is a fault of Rainbarrel; the log of its processor says more."
        else:
            return await self._record(due, note, None, delivered=True)
        delay_s = None if due.attempt >= attempts_max else self._pace.delay_s(due.attempt, retry_after_s)
        log.warning("Delivery %s to %s, attempt %d: %s", due.delivery_id, due.channel_name, due.attempt, said)
        return await self._record(due, said, delay_s)

    async def _record(self, due: DueDelivery, said: str, delay_s: float | None, *, delivered: bool = False) -> None:
        """Keeps the outcome, however long the database is away meanwhile."""
        reach("delivered")
        while True:
            try:
                if delivered:
                    await self._outbox.record_delivered(due, said)
                else:
                    await self._outbox.record_failed(due, said, delay_s)
            except RainbarrelError as error:
                log.warning("What came of delivery %s waits for the database: %s", due.delivery_id, error)
                await asyncio.sleep(RECONNECT_DELAY_S)
            else:
                return
