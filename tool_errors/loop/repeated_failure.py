"""The plainest loop: one tool that fails again and again with the same arguments.

With equal arguments the error texts may take turns. Where no arguments are known the unchanged error text decides.
Failures over different inputs are an outage of the tool, not a loop.
"""

from collections import defaultdict
from collections.abc import Callable

from tool_errors.loop.loop_steps import Run, Step, Steps

TaskOf = Callable[[Step], str]


def repeated_failures(steps: Steps) -> list[Run]:
    """Runs in which one tool failed with the same arguments."""
    return failing_runs(steps, lambda step: "=" + step.exact if step.exact else _unknown(step))


def failing_runs(steps: Steps, task_of: TaskOf) -> list[Run]:
    """Runs in which one tool failed on the same task, whoever called it and for whatever request.

    Other calls in between do not end a run; a success on the same task does. One with unknown arguments may have been
    any of the tasks with unknown arguments.
    """
    open_runs: dict[str, dict[str, list[Step]]] = defaultdict(dict)  # by tool, by task
    runs: list[list[Step]] = []
    for step in steps.all:
        of_tool = open_runs[step.call.name]
        if step.call.failed:
            of_tool.setdefault(task_of(step), []).append(step)
        elif not step.exact:
            runs.extend([of_tool.pop(task) for task in list(of_tool) if task.startswith("?")])
        else:
            task = task_of(step)
            if task in of_tool:
                runs.append(of_tool.pop(task))
    for of_tool in open_runs.values():
        runs.extend(of_tool.values())
    return [kept for run in runs for kept in steps.without_progress(run)]


def _unknown(step: Step) -> str:
    return "?" + step.call.verdict.message
