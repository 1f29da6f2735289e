"""List the rules that decide whether a tool call worked, or try other ones on stored calls before they are in force."""

import argparse
import asyncio
from pathlib import Path

from tool_errors.failure.payload_rules import PAYLOAD_RULE_IDS
from tool_errors.failure.rule_table import rules_json
from web.command_output import print_json
from web.project_store import ProjectStore, add_project_option, open_project
from web.requests.errors import WebError
from web.settings import Settings, add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel rules
  rainbarrel rules --json | jq '.rules[] | select(.status == "soft_error")'
  rainbarrel rules --try my-rules.toml --calls 5000

--try says which of the newest stored calls would get another status under the rules of a file than under those of
--tool-rules; nothing is changed. docs/tool_errors.md tells the format.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The form of the output, and what to try."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument(
        "--try", dest="tried", type=Path, metavar="RULES.toml", help="say what these rules would change"
    )
    parser.add_argument("--calls", type=int, help="--try: of how many of the newest calls (default: 1000)")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url", "mappings", "tool_rules"])


def run(arguments: argparse.Namespace) -> int:
    """Print every rule in the order in which it is asked, or what other rules would change."""
    if arguments.tried is not None:
        return _try(arguments, read_settings(vars(arguments)))
    rules = rules_json()
    if arguments.json:
        print_json({"rules": rules})
        return 0
    width = max(len(rule["id"]) for rule in rules)
    for rule in rules:
        print(f"{rule['id']:<{width}}  {rule['status']:<10}  {rule['looks_at']}")
        print(f"{'':<{width}}  {'':<10}  for example {rule['example']}; since {rule['since']}")
    return 0


def _try(arguments: argparse.Namespace, settings: Settings) -> int:
    # imported here: the list of rules needs no database, whose driver would take most of its time
    from tool_errors.failure.tool_rules import read_tool_rules
    from tool_errors.failure.tool_rules_in_use import beside, tool_rules_saved, use_tool_rules
    from trace_store.connections import make_pool
    from trace_store.exceptions import RainbarrelError
    from trace_store.reader import TraceReader
    from web.rules.mapping_files import read_mapping_files
    from web.rules.rule_trial import Trial, try_rules
    from web.rules.tool_rule_trial import read_calls, trial_json, trial_sentence
    from web.rules.web_rules import WebRules

    use_tool_rules(settings.tool_rules)
    rules = read_tool_rules(arguments.tried, PAYLOAD_RULE_IDS)
    try:
        calls = read_calls(arguments.calls)
    except WebError as error:
        raise RainbarrelError(f"--{error.sentence}") from None

    async def work(store: ProjectStore) -> Trial:
        async with make_pool(store.conninfo, "rainbarrel rules", 1) as pool:
            files = tuple(read_mapping_files(settings.mappings))
            registry = await WebRules(files, pool).registry(store.project_id)
            beside_it = beside(rules, tool_rules_saved())
            return await try_rules(TraceReader(pool), store.project_id, registry, beside_it, calls)

    with open_project(settings, arguments.project) as store:
        trial = asyncio.run(work(store))
    if arguments.json:
        print_json(trial_json(trial))
        return 0
    print(trial_sentence(trial))
    for change in trial.changes:
        became = f"{change.status_before} ({change.rule_before}) -> {change.status} ({change.rule})"
        print(f"{change.count:>6}  {change.tool}: {became}")
        for example in change.examples:
            print(f"        {example.trace_id} {example.call_key}: {example.result}")
    for rule_id, count in trial.decided.items():
        print(f"{count:>6}  calls decided by {rule_id}")
    return 0
