"""Derive stored traces and interactions again: by default those that an older version, or other mappings, tool
rules, loop thresholds or prices, derived.

Log records of no trace are always read again. What arrives meanwhile goes first. Ctrl-C stops at any time; started
again, it goes on with what is left.
"""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.prices.prices_in_use import use_prices
from tool_errors.processor import Pace, Processor
from tool_errors.rules import ProjectRules
from trace_store.exceptions import RainbarrelError
from trace_store.upkeep.reprocess import Choice, Outdated, Reprocess, open_reprocess
from web.ids import read_trace_id
from web.lists.list_parameters import read_time
from web.processes.server_file import read_running
from web.project_store import ProjectStore, add_project_option, open_project
from web.rules.loop_settings import loop_thresholds
from web.rules.mapping_files import read_mapping_files
from web.rules.outdated import outdated_sentence
from web.settings import Settings, add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel reprocess
  rainbarrel reprocess --all --since 2026-11-01
  rainbarrel reprocess --trace 0af7651916cd43dd8448eb211c80319c
  rainbarrel reprocess --no-wait --database-url postgresql://user:password@host/database

Exit code 1 when traces are left that could not be derived.
"""
MARKED_MAX = 1024  # marks ahead of the processor: this much is still derived after Ctrl-C
LOOK_INTERVAL_S = 0.2
PATIENCE_S = 20.0  # without progress, until it says that no processor seems to run
LINE_INTERVAL_S = 5.0  # between two lines of progress where the output is no terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Which traces, and whether to wait."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--outdated", action="store_true", help="what other rules derived than those in force (default)")
    which.add_argument("--all", action="store_true", help="everything")
    which.add_argument("--trace", metavar="TRACE_ID", action="append", help="this trace; may be repeated")
    parser.add_argument("--since", metavar="TIME", help="only what started then or later, such as 2026-11-01")
    parser.add_argument(
        "--wait", action=argparse.BooleanOptionalAction, default=True, help="show progress until it is done (default)"
    )
    names = ["data_dir", "database_url", "mappings", "prices", "tool_rules", "loop_repeats_min"]
    add_project_option(parser)
    add_flags(parser, [*names, "loop_waiting_repeats_min"])


def run(arguments: argparse.Namespace) -> int:
    """Mark, and wait."""
    settings = read_settings(vars(arguments))
    use_prices(settings.prices)
    use_tool_rules(settings.tool_rules)
    files = read_mapping_files(settings.mappings)
    with open_project(settings, arguments.project) as store:
        alone = not settings.database_url and read_running(settings.data_dir) is None
        rules = ProjectRules(files, loop_thresholds(settings)) if alone else None
        return asyncio.run(_run(arguments, settings, store, rules))


async def _run(
    arguments: argparse.Namespace, settings: Settings, store: ProjectStore, rules: ProjectRules | None
) -> int:
    """`rules` when nobody else works on this database: then we do."""
    async with open_reprocess(store.conninfo) as work, _processor(settings, store.conninfo, rules):
        if rules is not None:
            await rules.in_force.wait()
        derived_by = None
        if not arguments.all and not arguments.trace:
            derived_by = (await work.rules_in_force()).get(store.project_id)
            if derived_by is None:
                raise RainbarrelError(
                    "No processor has worked on this database yet; start `rainbarrel serve` or `rainbarrel process`."
                )
        choice = Choice(store.project_id, derived_by, read_time(f"--since {arguments.since}", arguments.since or ""))
        wait = arguments.wait or rules is not None
        total = await _mark(work, choice, arguments, wait=wait)
        if not wait:
            print(f"{_counted(total)} are marked; the processor derives them when little else is due.")
            return 0
        await _wait_for(work, Progress(sum(total)), sum(total), 0)
        sys.stderr.write("\n" if sys.stderr.isatty() and any(total) else "")
        left = Outdated(0, 0)
        if choice.derived_by is not None:
            left = Outdated(await work.count(choice), await work.count_interactions(choice))
        done = Outdated(total.traces - left.traces, total.interactions - left.interactions)
        print(f"{_counted(total, done)} derived again.")
        if any(left):
            print(f"{outdated_sentence(left)} The log of the processor says what went wrong.", file=sys.stderr)
        return 1 if any(left) else 0


def _counted(total: Outdated, done: Outdated | None = None) -> str:
    """Such as "3 traces and 2 interactions", or "2 of 3 traces and 2 of 2 interactions"."""
    of_traces, of_interactions = ("", "") if done is None else (f"{count:,} of " for count in done)
    return f"{of_traces}{total.traces:,} traces and {of_interactions}{total.interactions:,} interactions"


async def _mark(work: Reprocess, choice: Choice, arguments: argparse.Namespace, *, wait: bool) -> Outdated:
    """Marks page by page, not far ahead of the processor; the number of traces and interactions."""
    if arguments.trace:
        trace_ids = list(dict.fromkeys(read_trace_id(text) for text in arguments.trace))
        await work.check_known(choice.project_id, trace_ids)
        await work.mark_traces(choice.project_id, trace_ids)
        return Outdated(len(trace_ids), await work.mark_interactions_of(choice.project_id, trace_ids))
    total, marked = Outdated(await work.count(choice), await work.count_interactions(choice)), 0
    progress = Progress(sum(total))
    async for page in work.pages(choice):
        await work.mark_traces(choice.project_id, page)
        marked += len(page)
        if wait:
            await _wait_for(work, progress, marked, MARKED_MAX)
    async for _ in work.mark_log_batches(choice):
        if wait:
            await _wait_for(work, progress, marked, MARKED_MAX)
    interactions = 0
    async for count in work.mark_interactions(choice):
        interactions += count
        if wait:
            await _wait_for(work, progress, marked + interactions, MARKED_MAX)
    return Outdated(max(marked, total.traces), max(interactions, total.interactions))


async def _wait_for(work: Reprocess, progress: "Progress", marked: int, waiting_max: int) -> None:
    """Waits until no more than `waiting_max` marks are left."""
    while True:
        waiting = await work.waiting()
        progress.show(max(0, marked - waiting))
        if waiting <= waiting_max:
            return
        await asyncio.sleep(LOOK_INTERVAL_S)


class Progress:
    """n of N and the rate, on standard error: one line that moves in a terminal, a line now and then elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._begun = self._moved_at = self._shown_at = time.monotonic()
        self._done = -1
        self._has_told = False

    def show(self, done: int) -> None:
        """Say how many are done."""
        now = time.monotonic()
        if done != self._done:
            self._done, self._moved_at = done, now
        elif now - self._moved_at > PATIENCE_S and not self._has_told:
            self._has_told = True
            sys.stderr.write(
                f"\nNothing was derived for {PATIENCE_S:.0f} s: newer spans go first, or no processor works on this "
                "database (`rainbarrel serve` and `rainbarrel process` are ones).\n"
            )
        rate = done / max(0.001, now - self._begun)
        text = f"{done:,} of {self._total:,} traces and interactions ({rate:.0f}/s)"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text}\033[K")
        elif now - self._shown_at >= LINE_INTERVAL_S:
            sys.stderr.write(text + "\n")
            self._shown_at = now
        sys.stderr.flush()


@contextlib.asynccontextmanager
async def _processor(settings: Settings, conninfo: str, rules: ProjectRules | None) -> AsyncIterator[None]:
    """Works beside the block where nobody else does."""
    if rules is None:
        yield
        return
    stop = asyncio.Event()
    pace = Pace(settle_delay_s=settings.settle_delay_s, orphan_settle_delay_s=settings.orphan_settle_delay_s)
    working = asyncio.create_task(Processor(conninfo, pace, rules).run(stop))
    try:
        yield
    finally:
        stop.set()
        await working
