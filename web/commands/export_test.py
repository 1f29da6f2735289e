"""Write a failed tool call as a pytest file: the recorded arguments, a stub of the tool that fails as recorded, the
expected failure. It passes as it is written; put the real tool in place of the stub.

Reads the database of the server that runs on the data directory, of --database-url, or of the data directory itself.
"""

import argparse
import asyncio
from typing import Any

from tool_errors.failure.tool_rules_in_use import use_tool_rules
from trace_store.connections import make_pool
from trace_store.exceptions import RainbarrelError
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.command_output import write_output
from web.failing_call.find import find_failed_call
from web.failing_call.pytest_file import pytest_file
from web.ids import read_trace_id
from web.project_store import ProjectStore, add_project_option, open_project
from web.rules.mapping_files import read_mapping_files
from web.rules.web_rules import WebRules
from web.settings import add_flags, read_settings
from web.trace.trace_reading import read_contract

EXAMPLES = """\
examples:
  rainbarrel export-test 0af7651916cd43dd8448eb211c80319c --span b7ad6b7169203331 -o test_refund.py
  rainbarrel export-test 0af7651916cd43dd8448eb211c80319c call:call_62136355 | pytest /dev/stdin

CALL_KEY is `call_key` of the call in the JSON of the trace, or its call id.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Which call, and where to."""
    parser.add_argument("trace_id", metavar="TRACE_ID", help="32 hex digits")
    parser.add_argument("call_key", metavar="CALL_KEY", nargs="?", default="", help="or --span")
    parser.add_argument("--span", metavar="SPAN_ID", default="", help="the call that this span is")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url", "mappings", "tool_rules"])


def run(arguments: argparse.Namespace) -> int:
    """Write the file."""
    trace_id = read_trace_id(arguments.trace_id)
    if bool(arguments.call_key) == bool(arguments.span):
        raise RainbarrelError("Name the call by its CALL_KEY or with --span: one of the two.")
    settings = read_settings(vars(arguments))
    use_tool_rules(settings.tool_rules)
    files = tuple(read_mapping_files(settings.mappings))
    with open_project(settings, arguments.project) as store:
        trace = asyncio.run(_read(store, trace_id, files))
    if trace is None:
        raise RainbarrelError(f"There is no trace {arguments.trace_id} in project {arguments.project}.")
    call = find_failed_call(trace, arguments.call_key, arguments.span)
    content = pytest_file(trace["trace_id"], call).encode()
    write_output(content, arguments.output, "run it with pytest, then put the real tool into call_tool")
    return 0


async def _read(store: ProjectStore, trace_id: bytes, files: tuple[tuple[str, str], ...]) -> dict[str, Any] | None:
    async with make_pool(store.conninfo, "rainbarrel export-test", 1, statement_timeout_s=0) as pool:
        registry = await WebRules(files, pool).registry(store.project_id)
        return await read_contract(TraceReader(pool), TraceKey(store.project_id, trace_id), registry)
