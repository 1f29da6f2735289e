"""List the rules that decide whether a tool call worked: what each looks at, an example, and since which version."""

import argparse
import sys

import orjson

from tool_errors.rule_table import rules_json

EXAMPLES = """\
examples:
  rainbarrel rules
  rainbarrel rules --json | jq '.rules[] | select(.status == "soft_error")'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The form of the output."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Print every rule in the order in which it is asked."""
    rules = rules_json()
    if arguments.json:
        sys.stdout.buffer.write(orjson.dumps({"rules": rules}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return 0
    width = max(len(rule["id"]) for rule in rules)
    for rule in rules:
        print(f"{rule['id']:<{width}}  {rule['status']:<10}  {rule['looks_at']}")
        print(f"{'':<{width}}  {'':<10}  for example {rule['example']}; since {rule['since']}")
    return 0
