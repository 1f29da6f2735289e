"""The evaluator of alert rules: wakes when the processor has derived something, and once a second for what only time
changes. Any number may share one database: each rule is evaluated by one of them at a time.
"""

import asyncio
import logging
import time
from dataclasses import dataclass

from tool_errors.alerts.conditions import Conditions
from tool_errors.alerts.rule import BadRule
from trace_store.alerts.alert_rows import DueRule
from trace_store.alerts.alert_work import AlertWork
from trace_store.exceptions import RainbarrelError, StoreUnavailable

TICK_S = 1.0
PAUSE_S = 0.1  # between two looks, however often the processor says that there is something new
RECONNECT_DELAY_S = 1.0
QUIET_S_MAX = 10.0  # a rule without news is looked at after so long all the same
DURATION_FACTOR = 4.0  # a rule is looked at again after so many times the length of its last evaluation
FAULT_DELAY_S = 60.0  # for a rule whose evaluation failed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Looked:
    """The last look at a rule."""

    news: tuple[object, ...]
    at_s: float
    not_before_s: float


class AlertEvaluator:
    """Evaluates the rules that are due."""

    def __init__(self, conninfo: str) -> None:
        self._work = AlertWork(conninfo)
        self._conditions = Conditions()
        self._looked: dict[int, _Looked] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was derived."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Evaluates until `stop` is set; a database that is away is waited for."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                delay_s = PAUSE_S
                try:
                    self._woken.clear()
                    await self.step()
                except RainbarrelError as error:
                    log.warning("Alert rules wait: %s", error)
                    delay_s = RECONNECT_DELAY_S
                except Exception:
                    log.exception("Alert rules could not be evaluated; trying again in %.0f s", RECONNECT_DELAY_S)
                    delay_s = RECONNECT_DELAY_S
                await asyncio.wait([stopping], timeout=delay_s)
                waking = asyncio.create_task(self._woken.wait())
                await asyncio.wait([stopping, waking], timeout=TICK_S - PAUSE_S, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
        finally:
            stopping.cancel()
            await self._work.close()

    async def step(self) -> int:
        """Evaluates each rule that is due; how many. Raises StoreUnavailable."""
        rules = await self._work.rules()
        self._looked = {rule.rule_id: self._looked[rule.rule_id] for rule in rules if rule.rule_id in self._looked}
        due = [rule for rule in rules if self._is_due(rule)]
        for rule in due:
            await self._evaluate(rule)
        return len(due)

    async def close(self) -> None:
        """Closes the connection."""
        await self._work.close()

    def _is_due(self, rule: DueRule) -> bool:
        looked, now_s = self._looked.get(rule.rule_id), time.monotonic()
        if looked is None:
            return True
        has_news = rule.has_states or _news(rule) != looked.news or now_s - looked.at_s >= QUIET_S_MAX
        return has_news and now_s >= looked.not_before_s

    async def _evaluate(self, rule: DueRule) -> None:
        began_s = time.monotonic()
        delay_s = None
        try:
            async with self._work.evaluation(rule.rule_id) as evaluation:
                if evaluation is None:
                    return  # another evaluator has it: it is due again at the next look
                await self._conditions.evaluate(evaluation)
        except StoreUnavailable:
            raise
        except BadRule as error:
            log.warning("Alert rule %d is not evaluated: %s", rule.rule_id, error)
            delay_s = FAULT_DELAY_S
        except Exception:
            log.exception("Alert rule %d could not be evaluated; trying again in %.0f s", rule.rule_id, FAULT_DELAY_S)
            delay_s = FAULT_DELAY_S
        ended_s = time.monotonic()
        wait_s = (ended_s - began_s) * DURATION_FACTOR if delay_s is None else delay_s
        self._looked[rule.rule_id] = _Looked(_news(rule), ended_s, ended_s + wait_s)


def _news(rule: DueRule) -> tuple[object, ...]:
    return (rule.newest_found_at, rule.changed_at, rule.snoozed_until)
