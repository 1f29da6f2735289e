"""Loops: repetition without progress, over the tool calls of one trace or of one conversation.

A detector is one function from steps to runs, in a file of its own; `DETECTORS` is the registry, the most telling
kind first. What several detectors see is one loop: a cycle wins, then the longest run, then the order of the registry.
A run becomes a `Loop` here, in the same way for all of them.
"""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from tool_errors.findings import CallReference, LlmCallKey, Loop, ToolCall
from tool_errors.loop.call_signature import argument_shape
from tool_errors.loop.cycle import cycles
from tool_errors.loop.identical_result import identical_results
from tool_errors.loop.loop_steps import LoopThresholds, Run, Step, Steps, contains
from tool_errors.loop.near_identical import near_identical
from tool_errors.loop.repeated_failure import repeated_failures
from tool_errors.prices.cost import spent_on

Detector = Callable[[Steps], list[Run]]
Askers = Mapping[tuple[bytes, str], LlmCallKey]  # of tool calls (trace id, call key) that another trace asked for

DETECTORS: Mapping[str, Detector] = {
    "cycle": cycles,
    "repeated_failure": repeated_failures,
    "near_identical": near_identical,
    "identical_result": identical_results,
}
DEFAULT_THRESHOLDS = LoopThresholds()


def find_loops(
    calls: Sequence[ToolCall],
    tokens: Mapping[LlmCallKey, int],
    *,
    live: bool,
    thresholds: LoopThresholds = DEFAULT_THRESHOLDS,
    costs_nano_usd: Mapping[LlmCallKey, int] | None = None,
    askers: Askers | None = None,
) -> list[Loop]:
    """All loops among `calls`, whatever their order.

    `tokens` has what each LLM call spent, `costs_nano_usd` what it cost, for those whose cost is known.
    """
    most = max(Counter(call.name for call in calls).values(), default=0)
    if most < min(thresholds.repeats_min, thresholds.waiting_repeats_min):
        return []  # every kind of loop calls one of its tools so often: most traces need not be looked at
    steps = Steps(calls, thresholds)
    found = [(kind, run) for kind, detect in DETECTORS.items() for run in detect(steps)]
    loops = []
    for kind, run in _each_once(found):
        asking = _asking_again(run, askers or {})
        spent = _tokens_of(asking, tokens), spent_on(asking, costs_nano_usd or {})
        loops.append(_loop(kind, run, spent, _ended(steps, run, live=live)))
    loops.sort(key=lambda loop: (loop.start_unix_nano, loop.loop_id))
    return loops


def _each_once(found: Sequence[tuple[str, Run]]) -> list[tuple[str, Run]]:
    """Of runs that share calls, or of which one contains the other's calls, the most telling one."""
    order = {kind: number for number, kind in enumerate(DETECTORS)}
    ranked = sorted(
        found,
        key=lambda entry: (entry[0] != "cycle", -len(entry[1].steps), order[entry[0]], entry[1].steps[0].index),
    )
    kept: list[tuple[str, Run]] = []
    taken: set[int] = set()
    for kind, run in ranked:
        if taken.isdisjoint(step.index for step in run.steps):
            kept.append((kind, run))
            taken.update(step.index for step in run.steps)
    inner = sorted((step for _, run in kept for step in run.steps), key=lambda step: step.index)
    return [(kind, run) for kind, run in kept if not _only_contains(run, inner)]


def _only_contains(run: Run, inner: Sequence[Step]) -> bool:
    """Whether each call of a run contains a call of another loop, as the delegation to an agent that is stuck."""
    indexes = [step.index for step in inner]
    members = {step.index for step in run.steps}
    for step in run.steps:
        at = bisect_right(indexes, step.index)
        following = inner[at] if at < len(inner) else None
        if following is None or following.index in members or not contains(step, following):
            return False
    return True


def _ended(steps: Steps, run: Run, *, live: bool) -> str:
    """A loop ended in success when its last tool worked afterwards, with other arguments or another result."""
    last = run.steps[-1]
    if steps.works_later(last):
        return "success"
    return "running" if live else "gave_up"


def _loop(kind: str, run: Run, spent: tuple[int | None, int | None], ended: str) -> Loop:
    calls = [step.call for step in run.steps]
    first = calls[0]
    tools = tuple(dict.fromkeys(call.name for call in calls))
    failures = sorted({call.verdict.fingerprint for call in calls if call.failed})
    shapes = sorted({argument_shape(call) for call in calls})
    end = max(call.end_unix_nano for call in calls)
    first_round = calls[: len(calls) // run.iterations]
    return Loop(
        trace_id=calls[-1].trace_id,
        loop_id=_digest(first.trace_id.hex(), first.call_key),
        kind=kind,
        tools=tools,
        iterations=run.iterations,
        failures=sum(call.failed for call in calls),
        calls=tuple(CallReference(call.trace_id, call.call_key, call.span_id, call.call_id) for call in calls),
        start_unix_nano=first.start_unix_nano,
        end_unix_nano=end,
        tokens=spent[0],
        fingerprint=_digest(kind, *tools, *(failures or shapes)),
        ended=ended,
        cost_nano_usd=spent[1],
        wasted_calls=len(calls) - len(first_round),
        wasted_ns=max(0, end - max(call.end_unix_nano for call in first_round)),
    )


def _asking_again(run: Run, askers: Askers) -> list[LlmCallKey]:
    """The LLM calls that asked for the repeats, each once: the first round was no waste."""
    calls = [step.call for step in run.steps]
    repeats = [_asker(call, askers) for call in calls[len(calls) // run.iterations :]]
    first = _asker(calls[0], askers)
    return [key for key in dict.fromkeys(repeats) if key is not None and key != first]


def _asker(call: ToolCall, askers: Askers) -> LlmCallKey | None:
    if call.asked_by is not None:
        return call.trace_id, call.asked_by
    return askers.get((call.trace_id, call.call_key))


def _tokens_of(asking: Sequence[LlmCallKey], tokens: Mapping[LlmCallKey, int]) -> int | None:
    """What these LLM calls spent; None when that of none is known."""
    spent = [tokens[key] for key in asking if key in tokens]
    return sum(spent) if spent else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
