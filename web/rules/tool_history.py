"""How a tool was defined over time: read, and as JSON."""

from dataclasses import dataclass
from typing import Any

from tool_errors.schema.definition_changes import DefinitionStep, definition_history
from trace_store.reader import TraceReader
from trace_store.tool_definitions import read_definition_history
from web.requests.names_in_paths import name_in_path
from web.trace.tool_definition_view import definition_json


@dataclass(frozen=True, slots=True)
class ToolHistory:
    """The definitions of one tool."""

    tool: str
    steps: tuple[DefinitionStep, ...]  # the newest first, at most 50
    total: int

    def change_in(self, release: str) -> DefinitionStep | None:
        """What changed with a release; where nothing did, the last change that came with any."""
        changed = [step for step in self.steps if step.changes and step.since_release]
        return next((step for step in changed if step.since_release == release), changed[0] if changed else None)


async def read_tool_history(reader: TraceReader, project_id: int, tool: str) -> ToolHistory:
    """The definitions of a tool; none for one that no model was told of."""
    async with reader.freely_planned() as connection:
        found, total = await read_definition_history(connection, project_id, tool)
    return ToolHistory(tool, tuple(definition_history(found)), total)


def tool_url(tool: str) -> str:
    """The page of a tool."""
    return f"/tools/{name_in_path(tool)}"


def history_json(history: ToolHistory) -> dict[str, Any]:
    """`{"tool", "definitions": [...], "shown", "total"}`."""
    return {
        "tool": history.tool,
        "definitions": [_step(step) for step in history.steps],
        "shown": len(history.steps),
        "total": history.total,
    }


def _step(step: DefinitionStep) -> dict[str, Any]:
    row = step.row
    return definition_json(row) | {
        "is_cut": row.is_cut,
        "first_seen": row.first_seen.isoformat(),
        "last_seen": row.last_seen.isoformat(),
        "releases": row.releases,
        "since_release": step.since_release or None,
        "changes": [
            {
                "what": change.what,
                "path": change.path,
                "keyword": change.keyword or None,
                "before": change.before or None,
                "after": change.after or None,
                "text": change.text,
            }
            for change in step.changes
        ],
    }
