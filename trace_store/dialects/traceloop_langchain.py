"""OpenLLMetry for LangChain.js: a span per runnable, each of them the root of its own trace unless a workflow is open.

Source: github.com/traceloop/openllmetry-js, instrumentation-langchain. Names are those of classes, for tools too: the
tool's own name stands only in what it returns, so a call that failed is named by the messages of the nodes around it.
The answer of a model call omits the tool calls that it asks for; the node that made the call returns them.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects import openllmetry
from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

_INPUT = "traceloop.entity.input"
_OUTPUT = "traceloop.entity.output"


def _told_by_node(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The messages that a node of the graph adds, where they ask for tool calls or answer them, after the results that
    a node which asks the model was given: by their ids the traces of one run are found."""
    text = attributes.get(_OUTPUT)
    if not isinstance(text, str) or "tool_call" not in text or attributes.get("gen_ai.operation.name") != "workflow":
        return {}
    added = _added(unwrap(text))
    if not added:
        return {}
    given = _results_at_the_end(attributes.get(_INPUT)) if _name(added[0]).startswith("AIMessage") else []
    return {"gen_ai.input.messages": given, "gen_ai.output.messages": added}


def _results_at_the_end(text: Any) -> list[Any]:
    """The tool messages that end the history that a node was given."""
    held = unwrap(text) if isinstance(text, str) and "ToolMessage" in text else None
    messages = held.get("messages") if isinstance(held, dict) else None
    results: list[Any] = []
    for message in reversed(messages if isinstance(messages, list) else []):
        if not _name(message).startswith("ToolMessage"):
            break
        results.append(message)
    return results[::-1]


def _added(output: Any) -> list[Any]:
    """What a node returns: messages, or commands that update them. A whole graph returns the history, which begins
    with the user's message; what is sent on to other nodes (`Send`) repeats it as well."""
    if not isinstance(output, dict):
        return []
    commands = output.get("output")
    if isinstance(commands, list):
        updates = [item.get("update") for item in commands if isinstance(item, dict) and item.get("lg_name") != "Send"]
    else:
        updates = [output]
    added: list[Any] = []
    for update in updates:
        messages = update.get("messages") if isinstance(update, dict) else None
        if isinstance(messages, list):
            added += messages
    return added if added and _name(added[0]).startswith(("AIMessage", "ToolMessage")) else []


def _name(message: Any) -> str:
    """The class of a serialised message."""
    path = message.get("id") if isinstance(message, dict) else None
    name = path[-1] if isinstance(path, list) and path else None
    return name if isinstance(name, str) else ""


DIALECT = Dialect(
    name="traceloop_langchain",
    scopes=frozenset({"@traceloop/instrumentation-langchain"}),
    kinds={"gen_ai.operation.name": {"execute_tool": Kind("tool"), "workflow": openllmetry.CHAIN}},
    rewrite=_told_by_node,
    steps_tell_calls=True,
)
