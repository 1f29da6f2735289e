"""Tool definitions for the pane of a span and for its JSON: what a model was offered, and what a called tool is."""

from collections.abc import Callable, Sequence
from typing import Any

from trace_store.derived_rows import ToolCallRow
from trace_store.facts import SpanFacts, ToolDefinition
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from trace_store.tool_definitions import ToolDefinitionRow
from web.pages.view_models import KeyValue, OfferedToolsView, ToolDefinitionView

TOOLS_MAX = 30  # of a pane until all is asked for


async def read_definition(reader: TraceReader, trace: TraceKey, call: ToolCallRow) -> ToolDefinitionRow | None:
    """The definition of a called tool: what the model that asked was told, else as it was last seen."""
    asked_in = trace if call.asked_in is None else TraceKey(trace.project_id, call.asked_in)
    offered = [] if call.asked_by is None else await reader.tool_definitions_of_call(asked_in, call.asked_by)
    told = [each for each in offered if each.name == call.name]
    found = told or await reader.tool_definitions(trace.project_id, call.name, limit=1)
    return found[0] if found else None


def offered_tools(
    facts: SpanFacts | None, stored: ToolDefinitionRow | None
) -> Sequence[ToolDefinition | ToolDefinitionRow]:
    """What a span tells by itself; for a tool call that tells no schema the `stored` definition."""
    own = () if facts is None else facts.tool_definitions
    return own if stored is None or any(each.schema for each in own) else (stored,)


def offered_tools_view(
    facts: SpanFacts | None, stored: ToolDefinitionRow | None, pair: Callable[[str, Any], KeyValue], *, full: bool
) -> OfferedToolsView:
    """The section of the pane; `stored` is the definition of a called tool, `pair` prints a value and may cut it."""
    found = offered_tools(facts, stored)
    is_tool = stored is not None or (facts is not None and facts.type == "tool")
    note = ""
    if stored is not None and stored in found:
        releases = f" by release {', '.join(stored.releases[-3:])}" if stored.releases else ""
        note = f"as a model was told of it; last offered on {stored.last_seen.isoformat()}{releases}"
        note += "; too long to be kept whole" if stored.is_cut else ""
    return OfferedToolsView(
        title="Definition of the tool" if is_tool else "Offered tools",
        note=note,
        shown=tuple(_view(each, pair) for each in (found if full else found[:TOOLS_MAX])),
        total=len(found),
    )


def definition_json(found: ToolDefinition | ToolDefinitionRow) -> dict[str, Any]:
    """A definition as JSON."""
    return {
        "digest": found.digest.hex(),
        "name": found.name,
        "description": found.description or None,
        "schema": found.schema,
    }


def _view(found: ToolDefinition | ToolDefinitionRow, pair: Callable[[str, Any], KeyValue]) -> ToolDefinitionView:
    return ToolDefinitionView(
        name=found.name,
        description=pair("Description", found.description) if found.description else None,
        schema=None if found.schema is None else pair("Schema of the arguments", found.schema),
        digest=found.digest.hex(),
    )
