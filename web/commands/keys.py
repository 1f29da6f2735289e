"""Make, list and revoke the access keys that senders, readers and administrators need where Rainbarrel is reached from
other machines. Reads the database of the server that runs on the data directory, of --database-url, or of the data
directory itself. A new key is printed once and stored nowhere.
"""

import argparse
import asyncio
import sys
from typing import Any

import psycopg

from trace_store.access_keys import KINDS, add_key, read_keys, revoke_key
from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.projects import read_projects
from web.attach import open_store
from web.command_output import print_json
from web.settings import add_flags, read_settings
from web.signing_in.key_changes import key_json, key_projects, read_key

EXAMPLES = """\
examples:
  rainbarrel keys create --kind write --name checkout-agent
  rainbarrel keys create --kind read --name dashboards --project shop --project desk
  rainbarrel keys list
  rainbarrel keys revoke 3

docs/keys.md explains kinds and projects.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which key."""
    parser.add_argument("action", choices=("create", "list", "revoke"))
    parser.add_argument("key_id", metavar="ID", nargs="?", help="of revoke: the number that list shows")
    parser.add_argument("--kind", choices=KINDS, help="of create: what the key is for")
    parser.add_argument("--name", help="of create: what you call it")
    parser.add_argument("--project", metavar="NAME", action="append", help="of create: repeatable; all without one")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    if arguments.action == "create" and not (arguments.kind and arguments.name):
        raise RainbarrelError("create needs --kind and --name; see `rainbarrel keys --help`.")
    key_id = arguments.key_id or ""
    if arguments.action == "revoke" and not (key_id.isascii() and key_id.isdigit() and len(key_id) < 10):
        raise RainbarrelError("Say which key, by its number; `rainbarrel keys list` shows it.")
    with open_store(read_settings(vars(arguments))) as conninfo:
        return asyncio.run(_run(conninfo, arguments))


async def _run(conninfo: str, arguments: argparse.Namespace) -> int:
    with translate_errors():
        async with await connect(conninfo, "rainbarrel keys") as connection:
            if arguments.action == "create":
                return await _create(connection, arguments)
            if arguments.action == "list":
                return await _list(connection, as_json=arguments.json)
            if not await revoke_key(connection, int(arguments.key_id)):
                raise RainbarrelError(f"There is no key {arguments.key_id} that is not revoked already.")
            print(f"Key {arguments.key_id} is revoked; running servers refuse it within seconds.")
            return 0


async def _create(connection: psycopg.AsyncConnection[Any], arguments: argparse.Namespace) -> int:
    projects = await read_projects(connection)
    said = {"kind": arguments.kind, "name": arguments.name, "projects": arguments.project or []}
    key, row = await add_key(connection, *read_key(said, projects))
    if arguments.json:
        slugs = {project.project_id: project.slug for project in projects}
        print_json({"key": key} | key_json(row, key_projects(row, slugs)))
        return 0
    print(key)
    print(f"This is key {row.key_id}; keep it, it is not shown again.", file=sys.stderr)
    return 0


async def _list(connection: psycopg.AsyncConnection[Any], *, as_json: bool) -> int:
    keys = await read_keys(connection)
    slugs = {project.project_id: project.slug for project in await read_projects(connection)}
    if as_json:
        print_json({"keys": [key_json(key, key_projects(key, slugs)) for key in keys]})
        return 0
    for key in keys:
        used = f"last used {key.last_used_at:%Y-%m-%d %H:%M} UTC" if key.last_used_at else "never used"
        state = "revoked" if key.revoked_at else used
        opens = ", ".join(key_projects(key, slugs)) or "all"
        print(f"{key.key_id:>4}  {key.kind:<5}  {opens}  {key.shown}  {key.name}  {state}")
    if not keys:
        print("There is no key yet; make one with `rainbarrel keys create`.")
    return 0
