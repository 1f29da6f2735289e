"""Identical calls with identical results: they succeed, and tell nothing new.

A call that later gives another result was polled for, and paid off. Calls for different requests of the user, by
different agents or for different delegated tasks do not repeat each other: each of them may begin with the same read.
"""

from collections.abc import Callable

from tool_errors.loop.loop_steps import Run, Step, Steps

KeyOf = Callable[[Step], str]


def identical_results(steps: Steps) -> list[Run]:
    """Runs of one tool with equal arguments and results."""
    return unchanged_runs(steps, lambda step: step.exact)


def unchanged_runs(steps: Steps, key_of: KeyOf) -> list[Run]:
    """Runs in which one tool gave the same result for arguments of the same key; those with key "" are left out."""
    open_runs: dict[tuple[str, str, str], list[Step]] = {}
    runs: list[list[Step]] = []
    for step in steps.all:
        key = key_of(step)
        if not key or step.outcome is None:
            continue
        place = (step.call.scope, step.call.name, key)
        run = open_runs.get(place)
        if run and run[-1].outcome == step.outcome and not step.call.failed:
            run.append(step)
            continue
        if run and (step.call.failed or steps.has_changed_between(run[-1].index, step.index)):
            runs.append(run)
        if step.call.failed:
            open_runs.pop(place, None)
        else:
            open_runs[place] = [step]
    runs.extend(open_runs.values())
    return [kept for run in runs if len(run) > 1 for kept in steps.without_progress(run)]
