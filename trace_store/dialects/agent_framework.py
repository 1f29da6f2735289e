"""Microsoft Agent Framework: GenAI names throughout; agent spans repeat tokens and the whole conversation.

Source: learn.microsoft.com/agent-framework, observability. The provider of an agent span is the framework. The model
only hears that a function failed; the exception stands on the tool span, its status message is the repr of it.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect
from trace_store.model import Span


def _workflow(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Spans of workflows, executors and edges have no operation."""
    return {} if "gen_ai.operation.name" in attributes else {"gen_ai.operation.name": "chain"}


DIALECT = Dialect(
    name="agent_framework",
    scopes=frozenset({"agent_framework"}),
    fields={"node": ("executor.id",)},
    rewrite=_workflow,
)
