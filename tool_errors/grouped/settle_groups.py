"""Settles groups of traces: what only the traces of one conversation know together, from their derived rows.

A trace's own rows are made of its facts alone. What the group knows better stands beside them: `traces.group_id` with
the counts as the group sees them, `tool_calls.group_says`, `llm_calls.told_in`, and `loops`, which belong to the group.
All of it is computed anew from the own rows of all members, so that order, lateness and repetition make no difference.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

from tool_errors.delivery.circuit_breaker import tell_circuit_breakers
from tool_errors.finding_rows import findings_of_rows, loops_not_in
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.grouped.group_says import counts_of, payload_sources, says_of, told_in_changed
from tool_errors.grouped.linked_traces import ANSWER_WINDOW_NS, linked_traces
from tool_errors.grouped.told_twice import CALL_DURATION_MAX_NS
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.loop.loops import DEFAULT_THRESHOLDS
from tool_errors.rest import Rest
from tool_errors.rows_read import derived_trace
from tool_errors.table_rows import loop_row
from trace_store.claim import NOT_YET_DERIVED, NOTHING_NEW, UNIT_ID_BYTES_MAX, Claim, NewMark, Unit
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow
from trace_store.flush import UNIT_CONVERSATION, UNIT_TRACE_GROUP
from trace_store.rows import VISIBLE_NUL
from trace_store.stored import TraceKey
from trace_store.trace_groups import DerivedTraceRows, GroupResult, Member

GROUP_UNITS = (UNIT_CONVERSATION, UNIT_TRACE_GROUP)
TAKEN_DELAY_S = 0.5  # another processor settles groups of the project, or derives a member
WRITTEN_MAX = 1000  # traces whose rows one run changes; the rest follows in the next


class GroupSettler:
    """Settles the groups of claimed units; a long one rests between its runs."""

    def __init__(self, wait_factor: float, wait_s_max: float, loops: LoopThresholds = DEFAULT_THRESHOLDS) -> None:
        self._thresholds = loops
        self._rest = Rest(wait_factor, wait_s_max)

    async def settle(self, claim: Claim, units: Iterable[Unit]) -> None:
        """Settles every group that one of the units names; those that rest or are taken are marked again."""
        of_project: dict[int, list[Unit]] = defaultdict(list)
        for unit in units:
            of_project[unit.project_id].append(unit)
        for project_id, its_units in of_project.items():
            if not await claim.groups.try_lock(project_id):
                await claim.add_marks([NewMark(unit, TAKEN_DELAY_S) for unit in its_units])
                continue
            await self._settle_units(claim, project_id, its_units)

    async def _settle_units(self, claim: Claim, project_id: int, units: Sequence[Unit]) -> None:
        """The groups of a project around all claimed conversations and traces at once, but those that rest."""
        conversations = {unit.unit_id.decode(): unit for unit in units if unit.kind == UNIT_CONVERSATION}
        traces = {unit.trace: unit for unit in units if unit.kind == UNIT_TRACE_GROUP}
        seeds: list[tuple[Unit, Member]] = []
        if conversations:
            members = await claim.groups.of_conversations(project_id, list(conversations))
            seeds += [(conversations[member.conversation_id or ""], member) for member in members]
        seeds += [(traces[member.key], member) for member in await claim.groups.of_traces(list(traces))]
        wait_s: dict[Unit, float] = defaultdict(float)
        for unit, member in seeds:
            wait_s[unit] = max(wait_s[unit], self._wait_s([member]))
        await claim.add_marks([NewMark(unit, delay_s) for unit, delay_s in wait_s.items() if delay_s])
        ready = [(unit, member) for unit, member in seeds if not wait_s[unit]]
        if ready and await self._settle(claim, {member for _, member in ready}):
            await claim.add_marks([NewMark(unit) for unit in {unit for unit, _ in ready}])

    async def _settle(self, claim: Claim, seeds: Collection[Member]) -> bool:
        """Settles the groups around these traces; whether something is left to write."""
        started = time.monotonic()
        groups = claim.groups
        near = await groups.members([seed.key for seed in seeds])
        found = {member.key for member in near}
        links = await groups.links(found)
        pairs = [*links, *await groups.neighbours(found, ANSWER_WINDOW_NS)]
        pairs += await groups.same_responses(found, CALL_DURATION_MAX_NS)
        alone = alone_among(near, pairs)
        near = [member for member in near if member.key not in alone]
        known = found - alone
        if further := {TraceKey(project_id, end) for project_id, *ends in pairs for end in ends} - known:
            near += await groups.members(further)
            links += await groups.links({member.key for member in near} - known)
        near = await self._without_resting(claim, near)
        if not near:
            return False
        rows = await groups.read({member.key for member in near})
        results = group_results(rows, {(one, other) for _, one, other in links}, self._thresholds)
        await self._write(claim, rows, results)
        self._remember(rows, results, time.monotonic() - started)
        return len(results) > WRITTEN_MAX

    async def _without_resting(self, claim: Claim, members: Iterable[Member]) -> list[Member]:
        """The members without those of groups that rest, which are marked again."""
        ready: list[Member] = []
        resting: dict[tuple[int, bytes | None], NewMark] = {}
        for member in members:
            if wait_s := self._wait_s([member]):
                resting[member.project_id, member.group_id] = NewMark(_unit(member.key), wait_s)
            else:
                ready.append(member)
        await claim.add_marks(list(resting.values()))
        return ready

    async def _write(self, claim: Claim, rows: DerivedTraceRows, results: Sequence[GroupResult]) -> None:
        """Writes what changed, one portion of it; what cannot be written now is marked again."""
        portion = results[:WRITTEN_MAX]
        ours = await claim.groups.try_lock_traces([result.trace for result in portion])
        await claim.groups.write([result for result in portion if result.trace in ours])
        await claim.interactions.mark_of_traces(ours)
        settled = await claim.groups.read(ours)
        findings = findings_of_rows(settled.traces, settled.tool_calls, settled.loops)
        dismissed = await claim.replace_findings(ours, findings)
        await tell_circuit_breakers(claim, loops_not_in(dismissed, settled.loops))
        again = [NewMark(_unit(r.trace), TAKEN_DELAY_S) for r in portion if r.trace not in ours]
        live = {TraceKey(row.project_id, row.trace_id) for row in rows.traces if row.live}
        again += [  # what stands alone again tells its own loops and counts
            NewMark(Unit.of_trace(r.trace), blob_id=NOT_YET_DERIVED if r.trace in live else NOTHING_NEW)
            for r in portion
            if r.group_id is None and r.trace in ours
        ]
        await claim.add_marks(again)

    def _wait_s(self, members: Iterable[Member]) -> float:
        groups = {(member.project_id, member.group_id) for member in members if member.group_id is not None}
        return max((self._rest.wait_s(group) for group in groups), default=0.0)

    def _remember(self, rows: DerivedTraceRows, results: Sequence[GroupResult], duration_s: float) -> None:
        """The time is shared out by the number of traces."""
        sizes: dict[tuple[int, bytes], int] = defaultdict(int)
        changed = {result.trace: result.group_id for result in results}
        for row in rows.traces:
            group_id = changed.get(TraceKey(row.project_id, row.trace_id), row.group_id)
            if group_id is not None:
                sizes[row.project_id, group_id] += 1
        for group, size in sizes.items():
            self._rest.remember(group, duration_s * size / len(rows.traces))


def alone_among(members: Iterable[Member], pairs: Iterable[tuple[int, bytes, bytes]]) -> set[TraceKey]:
    """Those of the traces that are in no group and have nothing to do with any other trace, by conversation or pair."""
    members = list(members)
    paired = {TraceKey(project_id, end) for project_id, *ends in pairs for end in ends}
    sizes = Counter((member.project_id, member.conversation_id) for member in members)
    return {
        member.key
        for member in members
        if member.group_id is None
        and member.key not in paired
        and (member.conversation_id is None or sizes[member.project_id, member.conversation_id] == 1)
    }


def unit_of_group(member: Member) -> Unit:
    """The unit that stands for the group of a trace: by its conversation, else by the group that it was in so far."""
    name = (member.conversation_id or "").replace("\0", VISIBLE_NUL).encode("utf-8", "replace")
    if 0 < len(name) <= UNIT_ID_BYTES_MAX:
        return Unit(member.project_id, UNIT_CONVERSATION, name)
    return Unit(member.project_id, UNIT_TRACE_GROUP, member.group_id or member.trace_id)


def group_results(
    rows: DerivedTraceRows, links: Iterable[tuple[bytes, bytes]], thresholds: LoopThresholds = DEFAULT_THRESHOLDS
) -> list[GroupResult]:
    """What the groups among the traces of one project say of them: only of traces where it differs from their rows."""
    llm_calls: dict[bytes, list[LlmCallRow]] = defaultdict(list)
    tool_calls: dict[bytes, list[ToolCallRow]] = defaultdict(list)
    loops: dict[bytes, list[LoopRow]] = defaultdict(list)
    for llm_call in rows.llm_calls:
        llm_calls[llm_call.trace_id].append(llm_call)
    for tool_call in rows.tool_calls:
        tool_calls[tool_call.trace_id].append(tool_call)
    for loop in rows.loops:
        loops[loop.trace_id].append(loop)
    row_of = {row.trace_id: row for row in rows.traces}
    own = [derived_trace(row, llm_calls[row.trace_id], tool_calls[row.trace_id]) for row in rows.traces]
    results = []
    for group in linked_traces(own, links):
        group_id = group[0].trace_id if len(group) > 1 else None
        sources = payload_sources(call for trace in group for call in tool_calls[trace.trace_id])
        for settled in settle_conversation(group, thresholds=thresholds):
            row, its_calls = row_of[settled.trace_id], tool_calls[settled.trace_id]
            key = TraceKey(row.project_id, row.trace_id)
            says = says_of(its_calls, settled.tool_calls, sources)
            its_loops = [loop_row(row.project_id, loop) for loop in settled.loops] if group_id else None
            counts = counts_of(settled)
            result = GroupResult(
                key,
                group_id,
                counts,
                settled.steps,
                {
                    call.call_key: says.get(call.call_key)
                    for call in its_calls
                    if says.get(call.call_key) != call.group_says
                },
                its_loops if its_loops is not None and its_loops != loops[row.trace_id] else None,
                told_in_changed(llm_calls[row.trace_id], settled),
            )
            is_same = group_id == row.group_id and (
                group_id is None
                or (settled.steps == row.steps and all(getattr(row, name) == value for name, value in counts.items()))
            )
            if not is_same or result.says or result.told_in or result.loops is not None:
                results.append(result)
    return results


def _unit(trace: TraceKey) -> Unit:
    return Unit(trace.project_id, UNIT_TRACE_GROUP, trace.trace_id)
