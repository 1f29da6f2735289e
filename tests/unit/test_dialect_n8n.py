"""n8n: what a node is stands in its type."""

import pytest

from tests.spans_by_hand import exception, span
from trace_store.dialects import normalise

LANGCHAIN = "@n8n/n8n-nodes-langchain."


@pytest.mark.parametrize(
    ("node_type", "expected"),
    [
        (LANGCHAIN + "agent", "agent"),
        (LANGCHAIN + "toolHttpRequest", "tool"),
        (LANGCHAIN + "mcpClientTool", "tool"),
        ("n8n-nodes-base.gmailTool", "tool"),
        ("n8n-nodes-base.httpRequest", "chain"),
        (LANGCHAIN + "embeddingsOpenAi", "embedding"),
        (LANGCHAIN + "vectorStoreQdrant", "retriever"),
        ("acme.toolbox", "chain"),
        ("", "chain"),
    ],
)
def test_types_of_nodes(node_type: str, expected: str) -> None:
    told = {"n8n.node.type": node_type, "n8n.node.name": "Look up", "n8n.node.items.input": 1}
    facts = normalise(span(told, name="node.execute"))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.unmapped) == ("n8n", expected, ())


def test_a_tool_that_failed() -> None:
    told = {"n8n.node.type": LANGCHAIN + "toolHttpRequest", "n8n.node.name": "Look up"}
    events = (exception("NodeApiError", "connection refused"),)
    facts = normalise(span(told, name="node.execute", status_code=2, events=events))
    assert facts is not None
    assert facts.tool_name == "Look up"
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("NodeApiError", "connection refused")


def test_workflows_and_odd_types() -> None:
    run = normalise(span({"n8n.workflow.id": "w1", "n8n.workflow.name": "Support"}, name="workflow.execute"))
    assert run is not None
    assert (run.type, run.is_aggregate) == ("chain", True)
    odd = normalise(span({"n8n.node.type": ["agent"]}))
    assert odd is not None
    assert odd.type == "other"
