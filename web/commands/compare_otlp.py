"""Compare what a running Rainbarrel stored with an OTLP export of another backend (protobuf or JSON), for the trace ids
of the export: how many spans, whose parents, which attributes are missing on either side.
"""

import argparse
import sys

import orjson

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from trace_store.exceptions import RainbarrelError
from trace_store.model import Span
from web.api_client import ApiClient, ServerRefuses
from web.attach import server_client
from web.command_output import print_json
from web.compare.export_text import export_text
from web.compare.exports import accepted_spans, by_trace, compare_trace, export_json
from web.otlp_files import read_records
from web.settings import CLIENT_TLS, add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel compare-otlp jaeger-export.json
  rainbarrel compare-otlp tempo.pb --url http://127.0.0.1:4318 --json
  rainbarrel compare-otlp collector-file.jsonl --strict

Exit codes: 0 Rainbarrel has everything that the export has, and says the same; 1 it lacks something, or, with --strict,
anything differs; 2 bad input: no spans, a file that cannot be read, a rejected record, a server that does not answer.
"""
DIFFERENT, BAD_INPUT = 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """The export, the server, and the form of the output."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="an OTLP file; - is standard input")
    parser.add_argument("--url", help="address of the server (default: the one that runs on the data directory)")
    parser.add_argument("--strict", action="store_true", help="what only Rainbarrel has counts as a difference too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_flags(parser, ["data_dir", "key", *CLIENT_TLS])


def run(arguments: argparse.Namespace) -> int:
    """Print what differs."""
    try:
        return _compare(arguments)
    except RainbarrelError as error:
        print(f"rainbarrel compare-otlp: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT


def _compare(arguments: argparse.Namespace) -> int:
    spans, _, rejected = read_records(arguments.files)
    theirs = by_trace(accepted_spans(spans))
    if not theirs:
        raise RainbarrelError("No spans in these files, so nothing was compared.")
    client = server_client(read_settings(vars(arguments)), arguments.url)
    found = [compare_trace(trace_id, _ours(client, trace_id), others) for trace_id, others in theirs.items()]
    if arguments.json:
        print_json(export_json(found, len(found)))
    else:
        print(export_text(found))
    if rejected:
        return BAD_INPUT
    is_good = all(trace.is_same if arguments.strict else not trace.lacks_something for trace in found)
    return 0 if is_good else DIFFERENT


def _ours(client: ApiClient, trace_id: str) -> list[Span]:
    """What the server stored of a trace; nothing of one that it does not know."""
    try:
        answer = client.get_json(f"/api/traces/{trace_id}/otlp")
    except ServerRefuses as error:
        if error.status == 404:
            return []
        raise
    decoded = decode_file(orjson.dumps(answer))
    return [span for part in decoded if isinstance(part, DecodedTraces) for span in accepted_spans(part.spans)]
