"""Rules of tool calls as pages, API and command tell them, and the trial of others on stored calls."""

from dataclasses import asdict
from typing import Any

from tool_errors.failure.rule_table import rules_json
from tool_errors.failure.tool_rules import BadToolRules, ToolRules
from tool_errors.failure.tool_rules_in_use import read_saved_tool_rules, tool_rules_in_use
from trace_store.versioned_texts import SavedText
from web.context import WebContext
from web.processes import heavy_reads
from web.requests.errors import BadRequest
from web.rules.rule_trial import CALLS_TRIED, CALLS_TRIED_MAX, Trial


def read_tried_rules(text: str) -> ToolRules:
    """The rules of a TOML text; BadRequest says what is wrong with it."""
    try:
        return read_saved_tool_rules(text)
    except BadToolRules as error:
        raise BadRequest(str(error)) from None


def read_calls(given: Any) -> int:
    """On how many calls rules are tried; BadRequest says how many it can be."""
    calls = CALLS_TRIED if given is None else given
    if not isinstance(calls, int) or isinstance(calls, bool) or not 1 <= calls <= CALLS_TRIED_MAX:
        raise BadRequest(f"calls is a number from 1 to {CALLS_TRIED_MAX}.")
    return calls


async def saved_rules(context: WebContext) -> SavedText | None:
    """The saved rules, which are in force in this process from now on; None when none were ever saved."""
    (await context.rules.texts(context.project_id)).registry()
    return await context.rules.tool_rules.newest()


async def try_on_stored(context: WebContext, text: str, calls: Any = None) -> Trial:
    """The trial of a TOML text in place of the saved one, in the reader process; BadRequest for what holds no rules."""
    read_tried_rules(text)
    mappings = await context.rules.texts(context.project_id)
    return await context.reader_process.run(
        heavy_reads.try_tool_rules, context.conninfo, context.project_id, mappings, text, read_calls(calls)
    )


def rules_in_force_json() -> dict[str, Any]:
    """Built-in rules with whether they are asked, and the user's own: those of the file, then the saved ones."""
    in_use = tool_rules_in_use()
    return {
        "rules": [rule | {"is_on": rule["id"] not in in_use.off} for rule in rules_json()],
        "own": [
            {"id": rule.id, "tool": rule.tool, "path": rule.path, "condition": rule.condition, "status": rule.status}
            for rule in in_use.rules
        ],
    }


def trial_json(trial: Trial) -> dict[str, Any]:
    """A trial."""
    return {
        "calls_looked_at": trial.looked_at,
        "calls_total": trial.total,
        "traces": trial.traces,
        "traces_left_out": trial.left_out,
        "status_changes": trial.status_changes,
        "changes": [asdict(change) for change in trial.changes],
        "decided": trial.decided,
    }


def trial_sentence(trial: Trial) -> str:
    """What came of a trial, and on how much."""
    many = f"{trial.status_changes:,} {'call' if trial.status_changes == 1 else 'calls'}"
    left_out = f" {trial.left_out:,} larger traces were left out." if trial.left_out else ""
    return (
        f"{many} would change status. Looked at the newest {trial.looked_at:,} of {trial.total:,} tool calls, in "
        f"{trial.traces:,} {'trace' if trial.traces == 1 else 'traces'}; nothing is saved.{left_out}"
    )
