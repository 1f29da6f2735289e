"""Store the traces and logs of OTLP files (protobuf or JSON; gzip or zstd around them) in the database of the server
that runs on the data directory, of --database-url, or of the data directory itself. Importing twice changes nothing.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from otlp_receiver.decoded import DecodedLogs, DecodedTraces, Rejections
from otlp_receiver.erased_records import drop_erased
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.redaction.in_force import Redactors
from otlp_receiver.redaction.redact import redact
from trace_store.connections import connect
from trace_store.migrate import check_schema
from trace_store.tombstones import Tombstones
from trace_store.writer import SpanWriter
from web.otlp_files import counted_records, read_files, say_rejections
from web.processes.server_file import read_running
from web.project_store import ProjectStore, add_project_option, open_project
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel import traces.json
  rainbarrel import backup/*.pb --database-url postgresql://user:password@host/database

`-` reads standard input. Exit code 1 when a file could not be read or a record in it was rejected.
"""
RECORDS_PER_COMMIT = 2000
REFUSED_BY_STORE = "refused_by_store"


@dataclass(slots=True)
class Totals:
    """What was imported so far."""

    spans: int = 0
    logs: int = 0
    rejected: int = 0

    def add(self, path: str, part: DecodedTraces | DecodedLogs) -> None:
        """Count a part that is committed."""
        rejected = say_rejections(path, part)
        refused = part.rejections.counts.get(REFUSED_BY_STORE, 0)  # counted among the records of the part
        self.rejected += rejected
        if isinstance(part, DecodedTraces):
            self.spans += len(part.spans) - refused
        else:
            self.logs += len(part.logs) - refused

    @property
    def in_store(self) -> str:
        """For people; it counts records that were there before as well."""
        return f"{self.spans} spans and {self.logs} log records"


def configure(parser: argparse.ArgumentParser) -> None:
    """Files and the database."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="an OTLP file; - is standard input")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url", "retention_days"])


def run(arguments: argparse.Namespace) -> int:
    """Store every file, one after the other, and say what became of it."""
    settings = read_settings(vars(arguments))
    with open_project(settings, arguments.project) as store:
        check_schema(store.conninfo)
        totals = asyncio.run(_import(arguments.files, store, settings.retention_days))
    print(f"{totals.in_store} are in the database now; {counted_records(totals.rejected)} rejected")
    if totals.spans + totals.logs and not settings.database_url and read_running(settings.data_dir) is None:
        print("They are derived and shown once `rainbarrel serve` runs.")
    return 1 if totals.rejected else 0


async def _import(paths: list[str], store: ProjectStore, retention_days: int) -> Totals:
    totals = Totals()
    writer = SpanWriter(store.conninfo, retention_days)
    commits = GroupCommit(writer)
    tombstones, redactors = Tombstones(), Redactors()
    async with await connect(store.conninfo, "rainbarrel import") as connection:
        await tombstones.read(connection)
        await redactors.read(connection)
    commits.start()
    try:
        for path, contents in read_files(paths, store.project_id):
            before = totals.spans + totals.logs
            for decoded in contents:
                redact(decoded, redactors.by_project)
                drop_erased(decoded, tombstones)
                for part in _parts(decoded):
                    await commits.submit(part)
                    totals.add(path, part)
                    if sys.stderr.isatty():
                        print(f"\r{totals.in_store} ", end="", file=sys.stderr, flush=True)
            if sys.stderr.isatty():
                print("\r", end="", file=sys.stderr)
            print(f"{path}: {totals.spans + totals.logs - before} records")
    finally:
        await commits.close()
        await writer.close()
    return totals


def _parts(decoded: DecodedTraces | DecodedLogs) -> Iterator[DecodedTraces | DecodedLogs]:
    """Pieces of one commit each; the first one carries what decode rejected."""
    project_id, rejections, warnings = decoded.project_id, decoded.rejections, decoded.warnings
    records = decoded.spans if isinstance(decoded, DecodedTraces) else decoded.logs
    for begin in range(0, max(1, len(records)), RECORDS_PER_COMMIT):
        end = begin + RECORDS_PER_COMMIT
        if isinstance(decoded, DecodedTraces):
            yield DecodedTraces(project_id, decoded.spans[begin:end], rejections, warnings)
        else:
            yield DecodedLogs(project_id, decoded.logs[begin:end], rejections, warnings)
        rejections, warnings = Rejections(), set()
