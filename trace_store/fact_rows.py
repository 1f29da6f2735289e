"""What the store keeps of a span: what a dialect and the detectors say about one version of it."""

from dataclasses import dataclass
from typing import Any

from trace_store.facts import SpanType, ToolDefinition
from trace_store.quickly_made import quickly_made
from trace_store.stored import SpanRow


@quickly_made
@dataclass(frozen=True, slots=True)
class FactRow:
    """What the processor writes for one span version that a dialect claims."""

    row: SpanRow
    type: SpanType
    dialect: str
    mapping_version: int
    detector_version: int
    facts: dict[str, Any]  # JSON value; the store keeps it as it is and gives it back in `TreeRow.facts`
    tool_definitions: tuple[ToolDefinition, ...] = ()  # which the facts name by digest
