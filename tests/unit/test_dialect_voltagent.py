"""VoltAgent: a run stands for the turns that one span holds, a failed one is a failed call of the model."""

from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR, STATUS_OK


def step(attributes: dict[str, Any], status_code: int = STATUS_OK) -> SpanFacts:
    facts = normalise(span(attributes, scope_name="@voltagent/core", status_code=status_code))
    assert facts is not None
    assert facts.dialect == "voltagent"
    return facts


@pytest.mark.parametrize(
    ("told", "type_"),
    [
        ("tool", "tool"),
        ("retriever", "retriever"),
        ("guardrail", "guardrail"),
        ("workflow-step", "chain"),
        ("memory", "other"),
        ("something new", "other"),
        (7, "other"),
    ],
)
def test_the_kinds_of_steps(told: Any, type_: str) -> None:
    assert step({"span.type": told}).type == type_


def test_the_turns_of_a_run_do_not_count_beside_its_sums() -> None:
    turns = {"span.type": "llm", "llm.model": "m", "llm.usage.prompt_tokens": 110, "llm.usage.completion_tokens": 23}
    facts = step(turns)
    assert (facts.type, facts.is_aggregate, facts.input_tokens, facts.unmapped) == ("chain", True, None, ())
    run = step({"agent.state": "completed", "ai.model.name": "m", "usage.prompt_tokens": 192, "output": "Done."})
    assert (run.type, run.model, run.input_tokens, run.output_text) == ("agent", "m", 192, "Done.")


def test_a_failed_call_is_one_of_the_model() -> None:
    facts = step({"span.type": "llm", "llm.model": "m", "error.type": "AI_APICallError"}, STATUS_ERROR)
    assert (facts.type, facts.model) == ("llm", "m")
    assert facts.failure is not None
    assert facts.failure.type == "AI_APICallError"
