"""The processor role: derives what is dirty, evaluates alert rules, delivers messages, keeps the store tidy."""

import asyncio
import logging
import time
from contextlib import suppress

from tool_errors.alerts.evaluate import AlertEvaluator
from tool_errors.delivery.digest import DigestWriter
from tool_errors.delivery.sender import Sender
from tool_errors.delivery.ssrf import Targets
from tool_errors.delivery.worker import DeliveryWorker
from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.prices.prices_in_use import use_prices
from tool_errors.processor import Pace, Processor
from tool_errors.rules import ProjectRules
from trace_store.exceptions import RainbarrelError
from trace_store.failpoints import arm_failpoints
from trace_store.rollups.rollups import RollupWork
from trace_store.upkeep.maintenance import maintain
from trace_store.upkeep.reprocess import count_outdated
from web.processes.garbage import collect_garbage_less_often
from web.processes.own_traces import own_traces
from web.rules.loop_settings import loop_thresholds
from web.rules.mapping_files import read_mapping_files
from web.rules.outdated import outdated_sentence
from web.settings import Settings

MAINTENANCE_INTERVAL_S = 300.0
MAINTENANCE_RETRY_S = 10.0  # at the start of a role the database or its schema may not be there yet
ROLLUP_DELAY_S = 5.0  # after the last change of an hour: while it changes, readers take its rows whatever is rolled up
ROLLUP_DELAY_S_MAX = 60.0  # after its first change: marks must not pile up
ROLLUP_INTERVAL_S = 1.0
ROLLUP_REST_FACTOR = 4.0  # at most a fifth of the time is spent on roll-ups; readers take the rows meanwhile

log = logging.getLogger(__name__)


async def process(
    settings: Settings, conninfo: str, stop: asyncio.Event, *, is_local: bool = False, only_derives: bool = False
) -> None:
    """Process until `stop`; a claim under way is finished, maintenance and roll-ups are cut off (safe at any point).

    `is_local`: only this machine reaches the pages, and channels may send to this machine. `only_derives`: another
    processor beside this one does the rest, but for rules, which are evaluated at once by whoever derives.
    """
    arm_failpoints(settings.failpoints)
    collect_garbage_less_often()
    use_prices(settings.prices)
    use_tool_rules(settings.tool_rules)
    pace = Pace(settle_delay_s=settings.settle_delay_s, orphan_settle_delay_s=settings.orphan_settle_delay_s)
    rules = ProjectRules(read_mapping_files(settings.mappings), loop_thresholds(settings))
    evaluator = AlertEvaluator(conninfo)
    evaluating = asyncio.create_task(evaluator.run(stop), name="alerts")
    finished, cut_off = [evaluating], []
    if not only_derives:
        sender = Sender(settings.public_url, Targets(loopback=is_local, private=settings.private_targets))
        finished.append(asyncio.create_task(DeliveryWorker(conninfo, sender).run(stop), name="deliveries"))
        finished.append(asyncio.create_task(DigestWriter(conninfo).run(stop), name="digests"))
        cut_off = [
            asyncio.create_task(_maintain(settings, conninfo), name="maintenance"),
            asyncio.create_task(_roll_up(conninfo), name="roll-ups"),
            asyncio.create_task(_tell_outdated(conninfo, rules), name="outdated traces"),
        ]
    try:
        with own_traces(settings, "processor", conninfo):
            await Processor(conninfo, pace, rules, evaluator.wake).run(stop)
    finally:
        stop.set()
        for task in finished:
            await task
        for task in cut_off:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _tell_outdated(conninfo: str, rules: ProjectRules) -> None:
    """Says once that what is stored was derived by other rules, when the processor has said which are in force."""
    await rules.in_force.wait()
    with suppress(RainbarrelError):
        found = await count_outdated(conninfo)
        if any(found):
            log.warning("%s", outdated_sentence(found))


async def _roll_up(conninfo: str) -> None:
    """Rolls up hours that have changed; after the longer a pause, the longer it took."""
    work = RollupWork(conninfo)
    try:
        while True:
            began = time.monotonic()
            try:
                await work.step(ROLLUP_DELAY_S, ROLLUP_DELAY_S_MAX)
                delay_s = max(ROLLUP_INTERVAL_S, ROLLUP_REST_FACTOR * (time.monotonic() - began))
            except RainbarrelError as error:
                log.warning("roll-ups wait: %s", error)
                delay_s = MAINTENANCE_RETRY_S
            except Exception:
                log.exception("roll-ups failed; trying again in %.0f s", MAINTENANCE_RETRY_S)
                delay_s = MAINTENANCE_RETRY_S
            await asyncio.sleep(delay_s)
    finally:
        await work.close()


async def _maintain(settings: Settings, conninfo: str) -> None:
    """Days ahead, retention, sums, repacking: now and every few minutes."""
    while True:
        delay_s = MAINTENANCE_INTERVAL_S
        try:
            report = await maintain(conninfo, settings.retention_days)
            if report and report.dropped.days_or_chunks:
                log.info("retention dropped %d days, %d traces", report.dropped.days_or_chunks, report.dropped.traces)
        except RainbarrelError as error:
            log.warning("maintenance waits: %s", error)
            delay_s = MAINTENANCE_RETRY_S
        except Exception:
            log.exception("maintenance failed; trying again in %.0f s", delay_s)
        await asyncio.sleep(delay_s)
