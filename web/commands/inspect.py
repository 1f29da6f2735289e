"""Derive traces from OTLP files (protobuf or JSON, traces or logs; gzip or zstd around them) without a server and
without a database: the tree, the LLM and tool calls, failed tool calls and loops.
"""

import argparse
from typing import Any

from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.inspect import explain_records, inspect_records
from tool_errors.prices.prices_in_use import use_prices
from tool_errors.rules import registry_for
from web.command_output import print_json
from web.otlp_files import read_records
from web.rules.loop_settings import loop_thresholds
from web.rules.mapping_files import read_mapping_files
from web.settings import add_flags, read_settings
from web.trace.span_explained import explanation_json, explanation_text
from web.trace.trace_text import trace_text

EXAMPLES = """\
examples:
  rainbarrel inspect traces.json
  rainbarrel inspect traces.json --mappings acme.toml
  rainbarrel inspect run-*.pb logs.jsonl --json | jq '.traces[].tool_calls'

`-` reads standard input. --json prints {"traces": [...]}, each as GET /api/traces/TRACE_ID does.
Exit code 1 when a file could not be read or a record in it was rejected.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Files and the form of the output."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="an OTLP file; - is standard input")
    add_flags(parser, ["mappings", "tool_rules", "loop_repeats_min", "loop_waiting_repeats_min", "prices"])
    parser.add_argument("--explain", action="store_true", help="say of each span why it became what it is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Print every trace of all files together."""
    settings = read_settings(vars(arguments))
    use_prices(settings.prices)
    use_tool_rules(settings.tool_rules)
    files = read_mapping_files(settings.mappings)
    spans, logs, rejected = read_records(arguments.files)
    registry = registry_for(files, "")
    traces = inspect_records(spans, logs, registry=registry, loops=loop_thresholds(settings))
    found: dict[str, list[dict[str, Any]]] = {"traces": traces}
    if arguments.explain:
        found["explanations"] = [
            {"trace_id": span.trace_id.hex(), "span_id": span.span_id.hex(), "name": span.name} | explanation_json(told)
            for span, told in explain_records(spans, logs, registry)
        ]
    if arguments.json:
        print_json(found)
    elif traces:
        print("\n\n".join(map(trace_text, traces)))
        for one in found.get("explanations", ()):
            print("\n" + "\n".join(explanation_text(one)))
    else:
        print("No spans in these files.")
    return 1 if rejected else 0
