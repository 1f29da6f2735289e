"""Write a stored trace as OTLP (TracesData), without loss: protobuf holds the exact bytes of every span as it was sent.

Reads the database of the server that runs on the data directory, of --database-url, or of the data directory itself.
"""

import argparse
import asyncio
import sys

from trace_store.connections import make_pool
from trace_store.exceptions import RainbarrelError
from trace_store.export import traces_json, traces_protobuf
from trace_store.model import KIND_FROM_LOG
from trace_store.reader import TraceReader
from trace_store.stored import StoredSpan, TraceKey
from web.command_output import write_output
from web.ids import read_trace_id
from web.project_store import ProjectStore, add_project_option, open_project
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel export 0af7651916cd43dd8448eb211c80319c > trace.json
  rainbarrel export 0af7651916cd43dd8448eb211c80319c --format protobuf -o trace.pb
  rainbarrel export 0af7651916cd43dd8448eb211c80319c | rainbarrel inspect -
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Which trace, which form, where to."""
    parser.add_argument("trace_id", metavar="TRACE_ID", help="32 hex digits")
    parser.add_argument("--format", choices=("json", "protobuf"), default="json", help="default: json")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Write the trace."""
    trace_id = read_trace_id(arguments.trace_id)
    if arguments.format == "protobuf" and arguments.output is None and sys.stdout.isatty():
        raise RainbarrelError("Protobuf is not for a terminal: pass -o FILE.")
    with open_project(read_settings(vars(arguments)), arguments.project) as store:
        spans = asyncio.run(_read(store, trace_id))
    if not spans:
        raise RainbarrelError(f"There is no trace {arguments.trace_id} in project {arguments.project}.")
    content = traces_protobuf(spans) if arguments.format == "protobuf" else traces_json(spans) + b"\n"
    write_output(content, arguments.output, f"{sum(span.row.kind != KIND_FROM_LOG for span in spans)} spans")
    return 0


async def _read(store: ProjectStore, trace_id: bytes) -> list[StoredSpan]:
    pool = make_pool(store.conninfo, "rainbarrel export", 1, statement_timeout_s=0)
    await pool.open()
    try:
        return await TraceReader(pool).stored_spans(TraceKey(store.project_id, trace_id))
    finally:
        await pool.close()
