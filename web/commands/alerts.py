"""Alert rules: list them, add one, back-test a definition on stored data, snooze one.

Reads and writes the database of the server that runs on the data directory, of --database-url, or of the data
directory itself.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from tool_errors.alerts.rule import BadRule, Definition, read_definition, stored_definition
from trace_store.alerts.alert_store import AlertStore
from trace_store.alerts.channels import ChannelStore
from trace_store.connections import make_pool
from trace_store.exceptions import RainbarrelError
from web.alerts.alert_json import BACKTEST_DAYS, backtest_json, check_signal, condition, read_days, rule_json, state_of
from web.command_output import print_json
from web.filters import utc
from web.processes.heavy_reads import backtest_rule
from web.project_store import ProjectStore, add_project_option, run_action
from web.settings import add_flags

EXAMPLES = """\
examples:
  rainbarrel alerts list
  rainbarrel alerts backtest '{"kind": "count", "at_least": 5, "window_s": 3600}' --days 14
  rainbarrel alerts add "Loops" '{"kind": "match", "filters": {"kinds": ["loop"]}}' --channel 1
  rainbarrel alerts snooze 3 --hours 8

A definition is JSON, or the name of a file that holds it. docs/alerts.md tells its keys.
"""
_WORDS: dict[str, tuple[str, ...]] = {
    "list": (),
    "add": ("NAME", "DEFINITION"),
    "backtest": ("DEFINITION",),
    "snooze": ("ID",),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    parser.add_argument("action", choices=tuple(_WORDS))
    parser.add_argument(
        "words", metavar="WORD", nargs="*", help="add: NAME DEFINITION; backtest: DEFINITION; snooze: ID"
    )
    parser.add_argument(
        "--channel", type=int, action="append", default=[], metavar="ID", help="add: whom the rule tells"
    )
    parser.add_argument(
        "--days", type=int, default=BACKTEST_DAYS, help=f"backtest: how many (default: {BACKTEST_DAYS})"
    )
    parser.add_argument("--hours", type=float, default=1.0, help="snooze: how long (default: 1; 0 ends the snooze)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    actions = {"list": _list, "add": _add, "backtest": _backtest, "snooze": _snooze}
    return run_action(arguments, "alerts", _WORDS, actions)


def _list(arguments: argparse.Namespace, store: ProjectStore) -> None:
    rules = _with_alerts(store, lambda alerts: alerts.rules(store.project_id))
    if arguments.json:
        print_json({"rules": [rule_json(rule) for rule in rules]})
        return
    for rule in rules:
        print(f"{rule.rule_id:>4}  {state_of(rule):<8}  {rule.name}: {condition(rule)}")
    if not rules:
        print('There is no alert rule yet; `rainbarrel alerts add "Loops" DEFINITION` makes one.')


def _add(arguments: argparse.Namespace, store: ProjectStore) -> None:
    name, text = arguments.words
    definition = _read(store, text)
    if unknown := sorted(set(arguments.channel) - asyncio.run(_channel_ids(store))):
        names = ", ".join(map(str, unknown))
        raise RainbarrelError(f"There is no channel {names}; `rainbarrel channels list` names those that there are.")
    rule_id = _with_alerts(store, lambda alerts: alerts.add(store.project_id, name, definition, arguments.channel))
    if arguments.json:
        print_json({"rule_id": rule_id})
    else:
        print(f"Alert rule {rule_id} looks at what is found from now on.")


def _backtest(arguments: argparse.Namespace, store: ProjectStore) -> None:
    days = read_days(arguments.days)
    definition = _read(store, arguments.words[0])
    found = backtest_json(backtest_rule(*store, definition, time.time_ns(), days))
    if arguments.json:
        print_json(found)
        return
    times = "once" if found["firings_total"] == 1 else f"{found['firings_total']} times"
    print(f"It would have fired {times} in {days} days.")
    for firing in found["firings"]:
        print(f"{utc(int(firing['fired_unix_nano']))[:19]}Z  {firing['title']}  {' '.join(firing['trace_ids'][:1])}")
    if found["firings_shown"] < found["firings_total"]:
        print(f"Showing the newest {found['firings_shown']} of {found['firings_total']} firings.")
    if found["findings"] < found["findings_total"]:
        print(f"Looked at the newest {found['findings']} of {found['findings_total']} findings.")


def _snooze(arguments: argparse.Namespace, store: ProjectStore) -> None:
    if not 0 <= arguments.hours <= 90 * 24:
        raise RainbarrelError("--hours is a number from 0 to 2160 (90 days).")
    (rule_id,) = arguments.words
    until = datetime.now(UTC) + timedelta(hours=arguments.hours) if arguments.hours else None
    is_number = rule_id.isascii() and rule_id.isdigit() and len(rule_id) < 19
    if not is_number or not _with_alerts(store, lambda alerts: alerts.snooze(store.project_id, int(rule_id), until)):
        raise RainbarrelError(f"There is no alert rule {rule_id}; `rainbarrel alerts list` names them.")
    if not arguments.json:
        print(f"Nobody is told until {until:%Y-%m-%d %H:%M:%S} UTC." if until else "It tells again.")


def _read(store: ProjectStore, text: str) -> dict[str, Any]:
    definition = _definition(text)
    _with_alerts(store, lambda alerts: check_signal(alerts, store.project_id, definition))
    return stored_definition(definition)


def _definition(text: str) -> Definition:
    path = Path(text)
    try:
        given = orjson.loads(text if text.lstrip().startswith("{") else path.read_bytes())
    except OSError as error:
        raise BadRule(f"{text} is neither JSON nor a file that can be read: {error.strerror}.") from None
    except orjson.JSONDecodeError as error:
        raise BadRule(f"The definition is no JSON: {error}.") from None
    return read_definition(given)


def _with_alerts(store: ProjectStore, act: Callable[[AlertStore], Awaitable[Any]]) -> Any:
    async def work() -> Any:
        async with make_pool(store.conninfo, "rainbarrel alerts command", 1) as pool:
            return await act(AlertStore(pool))

    return asyncio.run(work())


async def _channel_ids(store: ProjectStore) -> set[int]:
    async with make_pool(store.conninfo, "rainbarrel alerts command", 1) as pool:
        return {channel.channel_id for channel in await ChannelStore(pool).all(store.project_id)}
