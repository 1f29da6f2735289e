"""The processor: takes dirty traces from the queue, normalises what is new in them and replaces what is derived; then
settles the groups of traces that belong together.

Everything of one claim is one transaction: the facts, the derived rows and the deletion of the marks that asked for
them. Whatever interrupts it leaves the marks, so that nothing is forgotten and nothing counts twice.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext, suppress
from copy import copy
from dataclasses import dataclass
from functools import partial

from tool_errors.delivery.circuit_breaker import tell_circuit_breakers
from tool_errors.derive_traces import DerivedRows, TraceDeriver
from tool_errors.erased_traces import ErasedNames
from tool_errors.finding_rows import findings_of_rows, loops_not_in
from tool_errors.grouped.group_says import GroupSaid, said_so_far
from tool_errors.grouped.linked_traces import may_belong_to_group, tells_of_ai
from tool_errors.grouped.settle_groups import GROUP_UNITS, GroupSettler, unit_of_group
from tool_errors.interactions.settle import SUM_UNITS, InteractionSettler
from tool_errors.judged import DETECTOR_VERSION
from tool_errors.large_traces import LARGE_SPANS, LargeTraces, large_among
from tool_errors.log_steps import spans_of_logs
from tool_errors.normalise_spans import fact_rows, portions_of
from tool_errors.rules import ProjectRules
from tool_errors.signals.matching import ProjectSignals, match_rows
from trace_store.claim import AGAIN, NOT_YET_DERIVED, NOTHING_NEW, Claim, Mark, NewMark, Unit
from trace_store.exceptions import RainbarrelError, StoreUnavailable
from trace_store.fact_rows import FactRow
from trace_store.facts import MAPPING_VERSION
from trace_store.failpoints import reach
from trace_store.flush import UNIT_INTERACTION, UNIT_LOG_BATCH, UNIT_TRACE
from trace_store.interactions.interaction_rows import SAID_BY_EVENT, InteractionTraceRow
from trace_store.own_spans import own_span
from trace_store.span_reads import tree_rows_of
from trace_store.stored import TraceKey, TreeRow
from trace_store.trace_groups import Member
from trace_store.work import WorkQueue

PORTION_TRACES = 16  # derived in one go: then deliveries and rules get their turn
RETRY_DELAY_S = 60.0  # for a unit whose derivation failed; its facts and bytes stay as they are
RECONNECT_DELAY_S = 1.0
ERASE_DELAY_S = 5.0  # while a user is being erased, for what belongs to an erased one

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the processor waits for what."""

    poll_interval_s: float = 0.2  # between two looks at an empty queue
    settle_delay_s: float = 3.0  # a trace whose root has ended counts as complete when nothing came for so long
    orphan_settle_delay_s: float = 30.0  # the same for a trace without an ended root
    heavy_wait_factor: float = 5.0  # a growing trace is derived again after so many times its last duration ...
    heavy_wait_s_max: float = 30.0  # ... and never later than this


class Processor:
    """Works off the queue of dirty units; any number of processors may share one database."""

    def __init__(
        self,
        conninfo: str,
        pace: Pace | None = None,
        rules: ProjectRules | None = None,
        derived: Callable[[], None] | None = None,
    ) -> None:
        """`derived` is called after each transaction that derived something."""
        self._queue = WorkQueue(conninfo)
        self._rules = rules or ProjectRules()
        loops = self._rules.loops
        self._derived = derived
        self._signals = ProjectSignals()
        self._erased = ErasedNames()
        self._pace = pace or Pace()
        self._deriver = TraceDeriver(self._pace.heavy_wait_factor, self._pace.heavy_wait_s_max, loops)
        self._settler = GroupSettler(self._pace.heavy_wait_factor, self._pace.heavy_wait_s_max, loops)
        self._interactions = InteractionSettler(self._pace.heavy_wait_factor, self._pace.heavy_wait_s_max)
        self._one_by_one = False
        self._large = LargeTraces()
        self._large_queue = WorkQueue(conninfo)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set; a database that is away is waited for."""
        large = asyncio.create_task(self._large.run(stop, self._work_on_large), name="large traces")
        try:
            while not stop.is_set():
                try:
                    worked = await self.step(beside_large=True)
                    delay_s = 0.0 if worked else self._pace.poll_interval_s
                    if worked:
                        self._tell_derived()
                except StoreUnavailable as error:
                    log.warning("The processor waits for the database: %s", error)
                    delay_s = RECONNECT_DELAY_S
                if delay_s:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), delay_s)
        finally:
            stop.set()
            await large
            await self._large_queue.close()
            await self._queue.close()

    def _tell_derived(self) -> None:
        if self._derived is not None:
            self._derived()

    async def drain(self) -> None:
        """Works until no mark is due, then lets go of its connection."""
        try:
            while await self.step():
                pass
        finally:
            await self._queue.close()

    async def step(self, *, beside_large: bool = False) -> int:
        """Derives one claim; returns how many units of it were worked on.

        `beside_large`: large traces are left to their own turn, which `run` gives them. A claim that fails as a whole
        is done again unit by unit, so that one unit cannot hold up the others. Raises StoreUnavailable.
        """
        try:
            large: list[Unit] = []
            async with self._queue.claim(without=self._large.units) as claim:
                if beside_large:
                    large = await large_among(claim)
                    claim.leave(large)
                await self._rules.refresh(claim)
                self._signals.use(await claim.signals())
                await self._erased.refresh(claim)
                if self._one_by_one:
                    for unit in claim.marks:
                        await self._work_apart(claim, unit)
                else:
                    with own_span("derive", units=len(claim.marks)) if claim.marks else nullcontext():
                        await self._work(claim, claim.marks.keys())
                self._one_by_one = False
            self._rules.confirm()
            self._large.add(large)
            return len(claim.marks) + len(large)
        except StoreUnavailable:
            self._rules.forget()
            raise
        except Exception:
            self._rules.forget()
            if self._one_by_one:
                raise
            log.exception("A claim failed and is done again unit by unit.")
            self._one_by_one = True
            return 1

    async def _work_on_large(self, unit: Unit) -> None:
        """Derives a large trace in a claim of its own, with the rules and signals of this moment.

        Raises StoreUnavailable.
        """
        worker = copy(self)
        worker._rules, worker._signals = self._rules.as_they_are(), copy(self._signals)
        async with self._large_queue.claim(only=unit) as claim:
            if claim.marks:
                await worker._work_apart(claim, unit)
        self._tell_derived()

    async def _work_apart(self, claim: Claim, unit: Unit) -> None:
        try:
            async with claim.apart():
                await self._work(claim, [unit])
        except StoreUnavailable:
            raise
        except Exception as error:
            if not isinstance(error, RainbarrelError):
                log.exception("Unit %s could not be derived.", unit.unit_id.hex())
            log.warning("Unit %s is tried again in %.0f s: %s", unit.unit_id.hex(), RETRY_DELAY_S, error)
            await claim.add_marks([NewMark(unit, RETRY_DELAY_S)])

    async def _work(self, claim: Claim, units: Collection[Unit]) -> None:
        """Works on the claimed units: records first, then what is made of them."""
        traces = [unit for unit in units if unit.kind == UNIT_TRACE]
        batches = [unit for unit in units if unit.kind == UNIT_LOG_BATCH]
        if traces or batches:
            await self._work_on_records(claim, traces, batches)
        interactions = [unit for unit in units if unit.kind == UNIT_INTERACTION]
        await self._interactions.interactions(claim, interactions, self._rules.registry)
        await self._interactions.sums(claim, [unit for unit in units if unit.kind in SUM_UNITS])
        await self._settler.settle(claim, [unit for unit in units if unit.kind in GROUP_UNITS])

    async def _work_on_records(self, claim: Claim, traces: list[Unit], batches: list[Unit]) -> None:
        """Normalises what is new, derives and replaces."""
        all_there = await self._normalise(claim, traces, batches)
        if not traces:
            return
        settled = await self._settle_unchanged(claim, traces)
        traces = [unit for unit in traces if unit.trace not in settled]
        fresh = {unit for unit in traces if _is_fresh(claim.marks[unit])}
        ready = [unit for unit in traces if unit not in fresh or not self._deriver.must_wait(unit)]
        await claim.add_marks(
            [NewMark(unit, self._deriver.wait_s(unit), blob_id=NOT_YET_DERIVED) for unit in set(traces) - set(ready)]
        )
        await claim.merge_settled_facts(settled.union(unit.trace for unit in ready if unit not in fresh))
        derived = DerivedRows()
        rows_of = {unit.trace: all_there[unit.trace] for unit in ready if unit.trace in all_there}
        known = [unit.trace for unit in ready if unit.trace not in rows_of]
        grouped = [member.key for member in await claim.groups.of_traces(known) if member.group_id is not None]
        said = said_so_far(await claim.groups.read(grouped)) if grouped else {}
        rows_of |= await claim.tree_rows_by_trace(known)
        keys = await self._without_erased(claim, [unit.trace for unit in ready], rows_of)
        told: dict[TraceKey, list[InteractionTraceRow]] = defaultdict(list)
        for link in await claim.interactions.links_of_traces(rows_of):
            if link.said_by == SAID_BY_EVENT:
                told[TraceKey(link.project_id, link.trace_id)].append(link)
        for number, (trace, rows) in enumerate(rows_of.items(), 1):
            unit = Unit.of_trace(trace)
            delays_s = self._settle_delays_s(unit in fresh)
            derived_by = self._rules.derived_by(unit.project_id)
            work = partial(self._deriver.derive, derived, unit, rows, delays_s, said, derived_by, told[trace])
            settle_delay_s = await asyncio.to_thread(work) if len(rows) > LARGE_SPANS else work()
            if settle_delay_s is not None:
                derived.marks.append(NewMark(unit, settle_delay_s, blob_id=NOTHING_NEW))
            if number % PORTION_TRACES == 0:
                await asyncio.sleep(0)
        findings = findings_of_rows(derived.traces, derived.tool_calls, derived.loops)
        matches = match_rows(derived.traces, rows_of, self._signals.known)
        dismissed = await claim.replace(
            keys, derived.traces, derived.llm_calls, derived.tool_calls, derived.loops, findings, matches, derived.links
        )
        await tell_circuit_breakers(claim, loops_not_in(dismissed, derived.loops))
        await claim.add_marks([*derived.marks, *await self._group_marks(claim, derived, said)])

    async def _without_erased(
        self, claim: Claim, keys: list[TraceKey], rows_of: dict[TraceKey, list[TreeRow]]
    ) -> list[TraceKey]:
        """Erases those of these traces that are of an erased user, takes them out of both, and returns the others."""
        if not (erased := self._erased.among(rows_of)):
            return keys
        if await claim.erase(erased):
            log.info("Erased %d traces that arrived after their user was erased.", len(erased))
        else:
            await claim.add_marks([NewMark(Unit.of_trace(trace), ERASE_DELAY_S) for trace in erased])
        for trace in erased:
            del rows_of[trace]
        return [key for key in keys if key not in erased]

    async def _settle_unchanged(self, claim: Claim, traces: Sequence[Unit]) -> set[TraceKey]:
        """Settles the traces for which nothing but time has passed and which that does not change; returns them."""
        rules_of = {
            unit.trace: self._rules.derived_by(unit.project_id)
            for unit in traces
            if all(mark.blob_id == NOTHING_NEW for mark in claim.marks[unit])
        }
        settled = await claim.settle_unchanged(rules_of)
        await claim.interactions.mark_of_traces([member.key for member, _ in settled])
        await claim.add_marks(
            [NewMark(unit_of_group(member)) for member, has_running_loop in settled if has_running_loop]
        )
        return {member.key for member, _ in settled}

    async def _group_marks(
        self, claim: Claim, derived: DerivedRows, said: Mapping[TraceKey, GroupSaid]
    ) -> list[NewMark]:
        """Marks the groups that the derived traces are in, were in, or may be in."""
        findings = derived.findings
        wanted = {key for key, found in findings.items() if key in said or may_belong_to_group(found)}
        unsure = [key for key, found in findings.items() if key not in wanted and tells_of_ai(found)]
        for project_id, *ends in await claim.groups.links(unsure):
            wanted.update(key for end in ends if (key := TraceKey(project_id, end)) in findings)
        units = {
            unit_of_group(Member(*key, said[key].group_id if key in said else None, findings[key].conversation_id))
            for key in wanted
        }
        return [NewMark(unit) for unit in units]

    async def _normalise(
        self, claim: Claim, traces: Sequence[Unit], batches: Sequence[Unit]
    ) -> dict[TraceKey, list[TreeRow]]:
        """Writes the facts of what is new; log batches become spans of traces.

        A trace that other rules derived before is read anew as a whole. Returns the rows of those traces of which
        this claim has everything, so that they need not be read.
        """
        derived_by = await claim.derived_by([unit.trace for unit in traces])
        outdated = {trace for trace, rules in derived_by.items() if rules != self._rules.derived_by(trace.project_id)}
        spans = await claim.new_spans(traces, outdated)
        logs = await claim.logs(spans)
        rows: list[FactRow] = []
        for portion in portions_of(spans, logs):
            rows += fact_rows(*portion, self._rules.registry, self._signals.find)
            await asyncio.sleep(0)
        await claim.drop_facts(claim.marked_whole(traces) | outdated, MAPPING_VERSION, DETECTOR_VERSION)
        parts = await claim.put_facts(rows)
        arrived, read_again = await claim.new_logs([*traces, *batches], outdated)
        steps, gone = spans_of_logs(spans, [*logs, *arrived, *read_again], self._rules.registry)
        await claim.put_log_spans(steps, gone, read_again)
        if spans:
            reach("normalise")
        changed = {span.row.trace for span in (*steps, *gone)}
        new = {unit.trace for unit in traces if _is_all_new(claim.marks[unit])} - derived_by.keys() - changed
        return tree_rows_of(new, spans, parts)

    def _settle_delays_s(self, fresh: bool) -> tuple[float, float] | None:
        return (self._pace.settle_delay_s, self._pace.orphan_settle_delay_s) if fresh else None


def _is_all_new(marks: Sequence[Mark]) -> bool:
    """Whether each mark names the records that it is for: those of a trace that nobody derived before are all there
    are of it."""
    return all(mark.bucket is not None and mark.blob_id is not None for mark in marks)


def _is_fresh(marks: Sequence[Mark]) -> bool:
    """Whether something arrived: not a look at whether the trace has settled, and not `reprocess` alone."""
    return {mark.blob_id for mark in marks} not in ({NOTHING_NEW}, {AGAIN})
