"""List, add, test and remove the channels that messages about alerts go to.

Reads the database of the server that runs on the data directory, of --database-url, or of the data directory itself.
A test message is sent by the processor, so `test` needs a running server.
"""

import argparse
import asyncio
import sys

from tool_errors.delivery.channel_config import FIELDS, read_config, read_name, read_notices, shown_config
from trace_store.alerts.channels import KINDS, ChannelStore
from trace_store.alerts.outbox import DeliveryReader
from trace_store.connections import make_pool
from trace_store.exceptions import RainbarrelError
from web.alerts.channel_test import send_test
from web.project_store import ProjectStore, add_project_option, open_project
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel channels list
  rainbarrel channels add --kind slack --name team --url https://hooks.slack.com/services/T0/B0/x --digest-hour 9
  rainbarrel channels add --kind webhook --name pager --url https://pager.example.com/hook --secret - < secret.txt
  rainbarrel channels add --kind email --name mail --host smtp.example.com --sender rain@example.com \\
    --recipients oncall@example.com
  rainbarrel channels test team
  rainbarrel channels remove team
"""
NOTICES = {
    "breaker_iterations": "tell of a loop that still runs at this repeat",
    "digest_hour": "hour of the daily digest, 0 to 23",
    "digest_time_zone": "its time zone, such as Europe/Berlin (default: UTC)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which channel."""
    parser.add_argument("action", choices=("list", "add", "test", "remove"))
    parser.add_argument(
        "channel", metavar="CHANNEL", nargs="?", help="of test and remove: name or number of the channel"
    )
    adding = parser.add_argument_group("what add needs")
    adding.add_argument("--kind", choices=KINDS)
    adding.add_argument("--name")
    for field in dict.fromkeys(field for fields in FIELDS.values() for field in fields):
        kinds = ", ".join(kind for kind in KINDS if field in FIELDS[kind])
        hidden = "; - reads standard input" if field in ("secret", "password", "url") else ""
        adding.add_argument(f"--{field}", default="", help=f"of {kinds}{hidden}")
    for notice, text in NOTICES.items():
        adding.add_argument(f"--{notice.replace('_', '-')}", default="", help=text)
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    if arguments.action in ("test", "remove") and arguments.channel is None:
        raise RainbarrelError("Say which channel, by its name or number; `rainbarrel channels list` names them.")
    if arguments.action == "add" and not (arguments.kind and arguments.name):
        raise RainbarrelError("A new channel needs --kind and --name.")
    with open_project(read_settings(vars(arguments)), arguments.project) as store:
        return asyncio.run(_run(arguments, store))


async def _run(arguments: argparse.Namespace, store: ProjectStore) -> int:
    async with make_pool(store.conninfo, "rainbarrel channels", 1) as pool:
        channels = ChannelStore(pool)
        if arguments.action == "list":
            return await _list(channels, store.project_id)
        if arguments.action == "add":
            return await _add(channels, store.project_id, arguments)
        channel_id, name = await _find(channels, store.project_id, arguments.channel)
        if arguments.action == "remove":
            await channels.remove(store.project_id, channel_id)
            print(f"{name} is removed.")
            return 0
        tested = await send_test(DeliveryReader(pool), store.project_id, channel_id)
        print(tested.sentence, file=sys.stdout if tested.delivered else sys.stderr)
        return 0 if tested.delivered else 1


async def _list(channels: ChannelStore, project_id: int) -> int:
    found = await channels.all(project_id)
    for channel in found:
        print(f"{channel.channel_id}  {channel.name}  {channel.kind}  {shown_config(channel)}")
    if not found:
        print("There is no channel yet; add one with `rainbarrel channels add`.")
    return 0


async def _add(channels: ChannelStore, project_id: int, arguments: argparse.Namespace) -> int:
    fields = {name: getattr(arguments, name) for fields in FIELDS.values() for name in fields}
    for name, value in fields.items():
        if value == "-":
            fields[name] = sys.stdin.readline().strip()
    config, notices = (
        read_config(arguments.kind, fields),
        read_notices({name: getattr(arguments, name) for name in NOTICES}),
    )
    name = read_name(arguments.name)
    channel_id = await channels.add(project_id, arguments.kind, name, config, notices)
    print(f"{name} is channel {channel_id}; try it with `rainbarrel channels test {channel_id}`.")
    return 0


async def _find(channels: ChannelStore, project_id: int, text: str) -> tuple[int, str]:
    for channel in await channels.all(project_id):
        if text in (channel.name, str(channel.channel_id)):
            return channel.channel_id, channel.name
    raise RainbarrelError(f"There is no channel {text!r}; `rainbarrel channels list` names those that there are.")
