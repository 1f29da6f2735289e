"""A derived trace as text for a terminal: the tree, and what went wrong in it."""

from collections.abc import Iterator, Mapping
from typing import Any

TEXT_MAX = 100
Trace = Mapping[str, Any]  # the JSON contract of docs/api.md


def trace_text(trace: Trace) -> str:
    """Several lines, without a line feed at the end."""
    return "\n".join([*_head(trace), *_tree(trace), *_failures(trace), *_loops(trace)])


def _head(trace: Trace) -> Iterator[str]:
    seconds = (int(trace["end_unix_nano"]) - int(trace["start_unix_nano"])) / 1e9
    tokens = f"tokens: {trace['input_tokens']} in, {trace['output_tokens']} out"
    if trace["cost_usd"] is not None:
        tokens += f", cost: {trace['cost_usd']:.9g} USD"
    calls = f"LLM calls: {len(trace['llm_calls'])}, tool calls: {len(trace['tool_calls'])}"
    yield f"trace {trace['trace_id']}: {seconds:.3f} s, spans: {trace['span_count']}, {calls}, {tokens}"
    if trace["unpriced_models"]:
        yield f"  unpriced: {_short(', '.join(trace['unpriced_models']))}"
    for name in ("user_id", "conversation_id", "interaction_id", "input", "output"):
        if trace[name] is not None:
            yield f"  {name.removesuffix('_id')}: {_short(trace[name])}"


def _tree(trace: Trace) -> Iterator[str]:
    verdicts = {call["span_id"]: call["status"] for call in trace["tool_calls"] if call["span_id"]}
    for span in trace["spans"]:
        seconds = max(0, int(span["end_unix_nano"]) - int(span["start_unix_nano"])) / 1e9
        status = verdicts.get(span["span_id"], "ok")
        status = "error" if span["status"] == "error" and status == "ok" else status
        mark = "" if status == "ok" else f"  {status}"
        yield f"  {'  ' * span['depth']}{span['type']:<9} {_short(span['name'])}  {seconds:.3f} s{mark}"


def _failures(trace: Trace) -> Iterator[str]:
    for call in trace["tool_calls"]:
        if call["status"] == "ok":
            continue
        error = call["error"] or {}
        kind = f"{error['type']}: " if error.get("type") else ""
        recovered = ", recovered" if error.get("recovered") else ""
        said = f": {kind}{_short(error.get('message') or '')}" if error else ""
        yield f"  {call['status']}{recovered}: {call['name']}{said} ({call['evidence']['rule']})"


def _loops(trace: Trace) -> Iterator[str]:
    for loop in trace["loops"]:
        tools = ", ".join(loop["tools"])
        counts = f"{loop['iterations']} times, {loop['failures']} failed"
        counts += f", {loop['tokens']} tokens" if loop["tokens"] else ""
        counts += f", {loop['cost_usd']:.9g} USD" if loop["cost_usd"] is not None else ""
        yield f"  loop ({loop['kind']}): {tools}, {counts}, {loop['ended']}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_MAX else line[: TEXT_MAX - 1] + "…"
