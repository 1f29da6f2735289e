"""The plainest loop: one tool that fails again and again on the same task.

Two failures are of the same task when their arguments are equal (the error texts may then take turns), or nearly
equal with the same error. Where no arguments are known the unchanged error text decides. Failures over different
inputs are an outage of the tool, not a loop.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from tool_errors.findings import ToolCall
from trace_store.facts import PREVIEW_BYTES_MAX

REPEATS_MIN = 3  # two repeats are never a loop

_NOISE = re.compile(r"[\s\"'`.,;:!?]+")


def repeated_failures(calls: Sequence[ToolCall]) -> list[list[ToolCall]]:
    """Runs of at least `REPEATS_MIN` rounds in which one tool failed on the same task. Calls come in order of time.

    Other calls in between do not end a run; a success on the same task does.
    """
    open_runs: dict[str, dict[str, list[ToolCall]]] = defaultdict(dict)  # by tool, by task
    runs: list[list[ToolCall]] = []
    for call in calls:
        of_tool = open_runs[call.name]
        if call.failed:
            task = _task(call)
            run = of_tool.setdefault(task, [])
            if run and not _is_repeat(run[-1], call):
                runs.append(run)
                of_tool[task] = run = []
            run.append(call)
        elif call.verdict.status == "ok":
            runs.extend([of_tool.pop(task) for task in _tasks_done(call, of_tool)])
    for of_tool in open_runs.values():
        runs.extend(of_tool.values())
    return [run for run in runs if _rounds(run) >= REPEATS_MIN]


def _task(call: ToolCall) -> str:
    """Equal for calls that try the same or nearly the same: letter case, spaces and punctuation make no difference."""
    arguments = call.arguments
    if arguments is None:
        return "?" + call.verdict.message
    if len(arguments.preview.encode()) >= PREVIEW_BYTES_MAX - 3:  # cut: equal beginnings prove nothing
        return arguments.digest.hex()
    return "=" + _NOISE.sub(" ", arguments.preview).strip().lower()


def _tasks_done(call: ToolCall, open_tasks: dict[str, list[ToolCall]]) -> list[str]:
    """The open tasks that a success settles; one with unknown arguments may have been any of those."""
    if call.arguments is None:
        return [task for task in open_tasks if task.startswith("?")]
    task = _task(call)
    return [task] if task in open_tasks else []


def _is_repeat(earlier: ToolCall, later: ToolCall) -> bool:
    if earlier.arguments is None or later.arguments is None:
        return True
    return (
        earlier.arguments.digest == later.arguments.digest or earlier.verdict.fingerprint == later.verdict.fingerprint
    )


def _rounds(run: list[ToolCall]) -> int:
    """How often the task was tried one after the other; parallel calls are one try."""
    return bool(run) + sum(
        later.start_unix_nano > earlier.start_unix_nano and later.start_unix_nano >= earlier.end_unix_nano
        for earlier, later in pairwise(run)
    )
