"""`python -m web.child ROLE`: a process of `rainbarrel serve`; settings come from the environment that it sets up."""

import argparse
import socket
import sys
from functools import partial
from pathlib import Path

from web.processes.lifeline import hold_on_to_supervisor
from web.processes.logs import set_up_logs
from web.processes.ports import is_loopback
from web.processes.priority import give_way
from web.processes.role import Role, run_role
from web.settings import Settings, read_settings


def main() -> int:
    """Run the role until the supervisor stops us or is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("front", "process"))
    parser.add_argument("--supervisor-pid", type=int, required=True)
    parser.add_argument("--http-fd", type=int)
    parser.add_argument("--grpc-port", type=int)
    parser.add_argument("--own-key-sha256", type=bytes.fromhex, default=b"")  # who reads it cannot make the key of it
    parser.add_argument("--own-client-file", type=Path)
    parser.add_argument("--counts-file", type=Path)
    parser.add_argument("--only-derives", action="store_true")
    arguments = parser.parse_args()
    hold_on_to_supervisor(arguments.supervisor_pid)
    settings = read_settings({})
    set_up_logs(arguments.role, settings.log_level, settings.log_format)
    return run_role(_front(settings, arguments) if arguments.role == "front" else _process(settings, arguments))


def _front(settings: Settings, arguments: argparse.Namespace) -> Role:
    from web.processes.front import FrontPlan, serve_front  # each role loads only what it needs

    listener = socket.socket(fileno=arguments.http_fd)
    listener.setblocking(False)
    ports = (listener, arguments.grpc_port)
    owner = (arguments.supervisor_pid, arguments.own_key_sha256)
    files = (arguments.own_client_file, arguments.counts_file)
    plan = FrontPlan(settings, settings.database_url, *ports, True, *owner, *files)
    return partial(serve_front, plan)


def _process(settings: Settings, arguments: argparse.Namespace) -> Role:
    give_way(settings.processors)
    from web.processes.processing import process

    options = {"is_local": is_loopback(settings.host), "only_derives": arguments.only_derives}
    return partial(process, settings, settings.database_url, **options)


if __name__ == "__main__":
    sys.exit(main())
