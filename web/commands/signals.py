"""Signals: list them with how often they were met; try, add, switch and remove those of your own.

Reads and writes the database of the server that runs on the data directory, of --database-url, or of the data
directory itself.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool

from tool_errors.signals.pattern import KINDS, SENTIMENTS, SIDES
from trace_store.alerts.signals import SignalCount, read_signals
from trace_store.connections import make_pool
from trace_store.exceptions import RainbarrelError
from trace_store.reader import TraceReader
from web.alerts.signal_changes import Wanted, forget_signal, read_signal, save_signal, switch, try_signal
from web.alerts.signal_reading import RANGES, SignalList, SignalPlace, read_signal_list, signals_json
from web.command_output import print_json
from web.filters import number, utc
from web.project_store import ProjectStore, add_project_option, run_action
from web.settings import add_flags

EXAMPLES = """\
examples:
  rainbarrel signals list --range 24h
  rainbarrel signals try "money back" --in input
  rainbarrel signals add refunds "money back|refund" --kind regex --sentiment negative
  rainbarrel signals off refunds

docs/signals.md tells what is searched.
"""
_WORDS: dict[str, tuple[str, ...]] = {
    "list": (),
    "try": ("PATTERN",),
    "add": ("NAME", "PATTERN"),
    "on": ("NAME",),
    "off": ("NAME",),
    "remove": ("NAME",),
}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Place:
    conninfo: str
    reader: TraceReader
    pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]
    project_id: int


def configure(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    parser.add_argument("action", choices=tuple(_WORDS))
    parser.add_argument(
        "words", metavar="WORD", nargs="*", help="try: PATTERN; add: NAME PATTERN; on, off, remove: NAME"
    )
    parser.add_argument("--kind", choices=KINDS, default="keyword", help="try, add: what the pattern is")
    parser.add_argument("--in", dest="search_in", choices=SIDES, default="both", help="try, add: where to look")
    parser.add_argument("--sentiment", choices=SENTIMENTS, default="neutral", help="add: what a match means")
    parser.add_argument("--range", choices=tuple(RANGES), default="7d", help="list: how far back (default: 7d)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    actions = {"list": _list, "try": _try, "add": _add, "on": _switch, "off": _switch, "remove": _remove}
    return run_action(arguments, "signals", _WORDS, actions)


def _list(arguments: argparse.Namespace, store: ProjectStore) -> None:
    found = _with_place(store, lambda place: read_signal_list(place, arguments.range))
    if arguments.json:
        print_json(signals_json(found))
        return
    for line in _lines(found):
        print(line)
    if found.waiting:
        print(f"{number(found.waiting)} stored traces are still to be looked at again.", file=sys.stderr)


def _lines(found: SignalList) -> list[str]:
    counted = [(one.signal.name + ("" if one.signal.is_enabled else " (off)"), one.count) for one in found.own]
    counted += [(one.count.signal, one.count) for one in found.derived]
    counted += [
        (f"feedback:{said.name}", SignalCount(said.name, said.events, said.users, said.last_unix_nano))
        for said in found.posted
    ]
    if not counted:
        return ["There is no signal yet; `rainbarrel signals add NAME PATTERN` makes one."]
    width = max(len(name) for name, _ in counted)
    return [
        f"{name:<{width}}  {number(count.events):>9} events  {number(count.users):>9} users  "
        + (f"last {utc(count.last_unix_nano)[:19]}Z" if count.last_unix_nano else "never")
        for name, count in counted
    ]


def _try(arguments: argparse.Namespace, store: ProjectStore) -> None:
    wanted = _wanted(arguments, "tried", arguments.words[0])
    tried = _with_place(store, lambda place: try_signal(place, wanted))
    if arguments.json:
        print_json({"matches": tried.matches, "of": tried.of})
        return
    print(f"It would match {tried.matches} of the newest {tried.of} traces, by the first 400 bytes of each text.")


def _add(arguments: argparse.Namespace, store: ProjectStore) -> None:
    wanted = _wanted(arguments, *arguments.words)
    signal_id = _with_place(store, lambda place: save_signal(place, wanted))
    if arguments.json:
        print_json({"id": signal_id})
        return
    print(f"{wanted.name} is looked for from now on, and behind that in the last three days.")


def _switch(arguments: argparse.Namespace, store: ProjectStore) -> None:
    is_enabled = arguments.action == "on"

    async def work(place: SignalPlace) -> None:
        await switch(place, await _id_of(place, arguments.words[0]), is_enabled=is_enabled)

    _with_place(store, work)
    if not arguments.json:
        print(f"{arguments.words[0]} is {arguments.action}.")


def _remove(arguments: argparse.Namespace, store: ProjectStore) -> None:
    async def work(place: SignalPlace) -> None:
        await forget_signal(place, await _id_of(place, arguments.words[0]))

    _with_place(store, work)
    if not arguments.json:
        print(f"{arguments.words[0]} is removed with its matches.")


def _wanted(arguments: argparse.Namespace, name: str, pattern: str) -> Wanted:
    fields = {"name": name, "pattern": pattern, "kind": arguments.kind}
    return read_signal(fields | {"search_in": arguments.search_in, "sentiment": arguments.sentiment})


async def _id_of(place: SignalPlace, name: str) -> str:
    async with place.reader.freely_planned() as connection:
        for signal in await read_signals(connection, place.project_id):
            if signal.name == name:
                return signal.signal_id
    raise RainbarrelError(f"There is no signal {name}; `rainbarrel signals list` names them.")


def _with_place(store: ProjectStore, act: Callable[[SignalPlace], Awaitable[T]]) -> T:
    async def work() -> T:
        async with make_pool(store.conninfo, "rainbarrel signals", 2) as pool:
            return await act(_Place(store.conninfo, TraceReader(pool), pool, store.project_id))

    return asyncio.run(work())
