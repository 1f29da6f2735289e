"""Check derived traces against limits, as a gate in a CI pipeline: the detectors of `inspect`, without a server, over
OTLP files; or over traces and conversations of a running server.

Limits hold for all traces together. Unless told otherwise no tool error, no soft error, no failed model call and no
loop is allowed; unanswered calls and cost are only counted.
"""

import argparse
import math
import sys
from typing import Any

from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.inspect import inspect_records
from tool_errors.prices.prices_in_use import use_prices
from tool_errors.rules import registry_for
from trace_store.exceptions import RainbarrelError
from web.attach import server_client
from web.command_output import print_json, write_file
from web.gate.junit import junit_xml
from web.gate.limits import LIMITS, check, unpriced_models
from web.gate.report import report_json, report_text
from web.gate.server_traces import read_traces
from web.otlp_files import counted_records, read_records
from web.project_store import add_project_option
from web.rules.loop_settings import loop_thresholds
from web.rules.mapping_files import read_mapping_files
from web.settings import CLIENT_TLS, Settings, add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel check traces.json
  rainbarrel check run-*.pb --max-tool-errors 2 --max-cost-usd 0.50 --junit rainbarrel.xml
  rainbarrel check --conversation support-4711 --url http://127.0.0.1:4318 --json

Exit codes: 0 within all limits; 1 over a limit; 2 bad input: nothing to check, a file that cannot be read, a rejected
record, a server that does not answer. docs/check.md has examples for CI pipelines.
"""
OVER_A_LIMIT, BAD_INPUT = 1, 2


class NothingToCheck(RainbarrelError):
    """There is no trace, which must not pass for a good one."""


def configure(parser: argparse.ArgumentParser) -> None:
    """What to check, the limits, and the form of the output."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="an OTLP file; - is standard input")
    for limit in LIMITS:
        shown = "no limit" if limit.default is None else f"{limit.default:g}"
        text = f"{limit.what} that are allowed (default: {shown})"
        kind, metavar = (_money, "X") if limit.is_money else (_count, "N")
        parser.add_argument(limit.flag, metavar=metavar, type=kind, default=limit.default, help=text)
    parser.add_argument("--trace-id", metavar="ID", action="append", default=[], help="a trace of a server; repeatable")
    parser.add_argument(
        "--conversation", metavar="ID", action="append", default=[], help="all traces of one, of a server; repeatable"
    )
    parser.add_argument("--url", help="address of the server (default: the one that runs on the data directory)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML too")
    names = ["data_dir", "mappings", "tool_rules", "prices", "loop_repeats_min", "loop_waiting_repeats_min", "key"]
    add_project_option(parser)
    add_flags(parser, [*names, *CLIENT_TLS])


def run(arguments: argparse.Namespace) -> int:
    """Print the report."""
    try:
        return _check(arguments)
    except RainbarrelError as error:
        print(f"rainbarrel check: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT


def _check(arguments: argparse.Namespace) -> int:
    settings = read_settings(vars(arguments))
    traces, rejected = _read(arguments, settings)
    results = check(traces, {limit.name: getattr(arguments, limit.name) for limit in LIMITS})
    if arguments.junit:
        write_file(junit_xml(results), arguments.junit)
    if arguments.json:
        found = report_json(results, len(traces))
        print_json(found)
    else:
        print(report_text(results, len(traces)))
    for warning in _warnings(arguments, traces):
        print(f"rainbarrel check: {warning}", file=sys.stderr)
    if any(result.is_over for result in results):
        return OVER_A_LIMIT
    if rejected:
        were = "was" if rejected == 1 else "were"
        said = f"{counted_records(rejected)} {were} rejected, so that this says nothing of them."
        print(f"rainbarrel check: {said}", file=sys.stderr)
    return BAD_INPUT if rejected else 0


def _read(arguments: argparse.Namespace, settings: Settings) -> tuple[list[dict[str, Any]], int]:
    """The contracts of all traces, and how many records were rejected."""
    asked = bool(arguments.trace_id or arguments.conversation)
    if asked == bool(arguments.files):
        raise NothingToCheck("Name OTLP files, or --trace-id or --conversation of a running server: one of the two.")
    if asked:
        client = server_client(settings, arguments.url, arguments.project)
        return read_traces(client, arguments.trace_id, arguments.conversation), 0
    if arguments.url:
        raise NothingToCheck("--url names a server; say with --trace-id or --conversation what to check there.")
    traces, rejected = _derive_files(arguments.files, settings)
    if not traces:
        raise NothingToCheck("No spans in these files, so nothing was checked; did the run export its traces?")
    return traces, rejected


def _derive_files(paths: list[str], settings: Settings) -> tuple[list[dict[str, Any]], int]:
    use_prices(settings.prices)
    use_tool_rules(settings.tool_rules)
    registry = registry_for(read_mapping_files(settings.mappings), "")
    spans, logs, rejected = read_records(paths)
    return inspect_records(spans, logs, registry=registry, loops=loop_thresholds(settings)), rejected


def _warnings(arguments: argparse.Namespace, traces: list[dict[str, Any]]) -> list[str]:
    """What makes the report say less than it seems to."""
    said = []
    models = unpriced_models(traces)
    if arguments.max_cost_usd is not None and models:
        said.append(f"no price is known of {', '.join(models)}: their cost is not in the sum; add one with --prices.")
    if live := [trace["trace_id"] for trace in traces if trace["live"]]:
        said.append(f"still running, so that more may come: {', '.join(live)}.")
    return said


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise argparse.ArgumentTypeError(f"{text!r} is no count: a number from 0 on is needed")
    return int(text)


def _money(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of US dollars: a number from 0 on is needed")
    return value
