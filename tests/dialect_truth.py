"""What is derived from a captured run against what really happened in it: `truth.json` beside the capture.

`llm_calls` (the model as asked for and as answered, tokens), `tool_calls` (name, arguments, whether it failed),
`loops` (tool, failures), `user_id`, `conversation_id`, `input`, `output`: as the program that was captured knows them
(docs/dialects.md tells where that is not kept), not as the facts say. What is null or absent in it stands nowhere in
the capture and is not asked for.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tests.dialect_captures import CAPTURES, request_files
from tool_errors.inspect import inspect_records

TRUTH = "truth.json"
FAILED = ("error", "soft_error")
FACTS = ("model calls", "tokens", "tool calls", "failures", "loops", "ids", "texts")


def scenarios_with_truth() -> list[Path]:
    return sorted(path.parent for path in CAPTURES.glob(f"*/*/*/{TRUTH}"))


def compared(scenario: Path) -> dict[str, bool]:
    """Each fact that the truth of a scenario asks for, and whether it was derived."""
    truth = json.loads((scenario / TRUTH).read_text())
    traces = _derived(scenario)
    llm_calls = [call for trace in traces for call in trace["llm_calls"]]
    tools = [call for trace in traces for call in trace["tool_calls"] if call["status"] != "unanswered"]
    loops = [(tool, loop["failures"]) for trace in traces for loop in trace["loops"] for tool in loop["tools"]]
    return dict(_facts(truth, traces, llm_calls, tools, loops))


def _facts(
    truth: dict[str, Any],
    traces: list[dict[str, Any]],
    llm_calls: list[dict[str, Any]],
    tools: list[dict[str, Any]],
    loops: list[tuple[str, int]],
) -> Iterator[tuple[str, bool]]:
    wanted = truth["llm_calls"]
    named = [found for call in wanted for found in call["models"]]
    yield "model calls", len(llm_calls) == len(wanted) and (not named or all(c["model"] in named for c in llm_calls))
    counts = [(call.get("input_tokens"), call.get("output_tokens")) for call in wanted]
    if counts and None not in {count for pair in counts for count in pair}:
        sums = [sum(pair[side] for pair in counts) for side in (0, 1)]
        derived = [sum(trace[key] for trace in traces) for key in ("input_tokens", "output_tokens")]
        each = _same([(call["input_tokens"], call["output_tokens"]) for call in llm_calls], counts)
        yield "tokens", each and derived == sums
    wanted = truth["tool_calls"]
    with_arguments = all(call.get("arguments") is not None for call in wanted)
    keys = ("name", "arguments") if with_arguments else ("name",)
    yield "tool calls", _same([[c[k] for k in keys] for c in tools], [[c[k] for k in keys] for c in wanted])
    failures = [(call["name"], call["status"] in FAILED) for call in tools]
    yield "failures", _same(failures, [(call["name"], call["failed"]) for call in wanted])
    yield "loops", _same(loops, [(loop["tool"], loop["failures"]) for loop in truth["loops"]])
    ids = [key for key in ("user_id", "conversation_id") if truth.get(key)]
    if ids:
        yield "ids", all(truth[key] in {trace[key] for trace in traces} for key in ids)
    texts = [key for key in ("input", "output") if truth.get(key)]
    if texts:
        yield "texts", all(any(truth[key] in (trace[key] or "") for trace in traces) for key in texts)


def _same(found: list[Any], wanted: list[Any]) -> bool:
    """The same values in any order."""
    return Counter(map(_text, found)) == Counter(map(_text, wanted))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _derived(scenario: Path) -> list[dict[str, Any]]:
    spans, logs = [], []
    for path in request_files(scenario):
        for decoded in decode_file(path.read_bytes()):
            if isinstance(decoded, DecodedTraces):
                spans += decoded.spans
            else:
                logs += decoded.logs
    return inspect_records(spans, logs)
