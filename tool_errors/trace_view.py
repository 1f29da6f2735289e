"""One trace as the derivation reads it: the tree, the facts of each span, and what spans inherit from those above."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tool_errors.judged import JudgedFacts
from trace_store.assembly import NO_PARENT, Row, SpanNode, Tree, assemble
from trace_store.facts import SpanFacts

_CALLS = ("llm", "tool")


class Identity(NamedTuple):
    """Whom a span belongs to: its own ids, else those of the nearest span above."""

    interaction_id: str | None
    conversation_id: str | None
    user_id: str | None


class TraceView:
    """The assembled trace. Positions are those of `rows`: parents before children, siblings by time."""

    def __init__(self, spans: Iterable[SpanNode], judged: Iterable[JudgedFacts]) -> None:
        latest: dict[bytes, JudgedFacts] = {}
        for item in judged:
            other = latest.get(item.facts.span_id)
            if other is None or item.version > other.version:
                latest[item.facts.span_id] = item
        self.tree: Tree[SpanNode] = assemble(spans)
        self.rows: Sequence[Row[SpanNode]] = self.tree.rows
        self.judged: list[JudgedFacts | None] = [latest.get(row.span_id) for row in self.rows]
        self.position = {row.span_id: index for index, row in enumerate(self.rows)}
        self.boundary = self._boundaries()
        self.identity = self._identities()

    def facts(self, position: int) -> SpanFacts | None:
        """The facts of a row; None for spans that no dialect knows and for placeholders."""
        judged = self.judged[position]
        return None if judged is None else judged.facts

    def is_llm(self, position: int) -> bool:
        """Whether the span is a call of a model by itself, and no span that repeats what others say."""
        facts = self.facts(position)
        return facts is not None and facts.type == "llm" and not facts.is_aggregate

    def is_tool(self, position: int) -> bool:
        """Whether the span is a call of a tool by itself."""
        facts = self.facts(position)
        return facts is not None and facts.type == "tool" and not facts.is_aggregate

    def is_below(self, position: int, ancestor: int) -> bool:
        """Whether one row lies in the subtree of another."""
        return ancestor < position <= ancestor + self.rows[ancestor].descendant_count

    def _boundaries(self) -> list[int]:
        """For each row the nearest row above that is an LLM call, a tool call or an agent; NO_PARENT without one."""
        boundaries: list[int] = []
        for row in self.rows:
            parent = row.parent_index
            if parent == NO_PARENT:
                boundaries.append(NO_PARENT)
                continue
            facts = self.facts(parent)
            if facts is not None and (facts.type == "agent" or (facts.type in _CALLS and not facts.is_aggregate)):
                boundaries.append(parent)
            else:
                boundaries.append(boundaries[parent])
        return boundaries

    def _identities(self) -> list[Identity]:
        identities: list[Identity] = []
        nobody = Identity(None, None, None)
        for index, row in enumerate(self.rows):
            above = identities[row.parent_index] if row.parent_index != NO_PARENT else nobody
            facts = self.facts(index)
            if facts is None:
                identities.append(above)
                continue
            identities.append(
                Identity(
                    facts.interaction_id or above.interaction_id,
                    facts.conversation_id or above.conversation_id,
                    facts.user_id or above.user_id,
                )
            )
        return identities
