"""How a model call ended, how soon it began to answer, and where it ran, in the spellings of many libraries."""

from json import dumps
from typing import Any

import pytest

from tests.spans_by_hand import TRACE_ID, span
from trace_store.dialects import normalise
from trace_store.dialects.first_token import unix_nano
from trace_store.facts import SpanFacts
from trace_store.model import Span, SpanEvent

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
START = 1_760_000_000_000_000_000


def facts_of(attributes: dict[str, Any], **more: Any) -> SpanFacts:
    facts = normalise(span(attributes, **more))
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"gen_ai.response.finish_reasons": ["tool_calls"]}, "tool_call"),
        ({"gen_ai.response.finish_reasons": '["end_turn"]'}, "stop"),
        ({"gen_ai.response.finish_reasons": ("FinishReason.MAX_TOKENS",)}, None),
        ({"gen_ai.response.finish_reason": "FinishReason.MAX_TOKENS"}, "length"),
        ({"ai.response.finishReason": "tool-calls"}, "tool_call"),
        ({"ai.response.finishReason": "content-filter"}, "content_filter"),
        ({"gen_ai.response.finish_reasons": ["pause_turn"]}, "pause_turn"),
        ({"gen_ai.response.finish_reasons": []}, None),
        ({"gen_ai.response.finish_reasons": 7}, None),
        ({"gen_ai.output.messages": '[{"role":"assistant","parts":[],"finish_reason":"tool_use"}]'}, "tool_call"),
        ({"gen_ai.completion.0.content": "x", "gen_ai.completion.0.finish_reason": "length"}, "length"),
        ({"output.value": '{"id":"r","choices":[{"finish_reason":"stop","message":{}}]}'}, "stop"),
        ({"output.value": '{"id":"r","text":"\\"finish_reason\\":\\"stop\\""}'}, None),
    ],
)
def test_finish_reason_in_the_words_of_the_conventions(attributes: dict[str, Any], reason: str | None) -> None:
    assert facts_of({**CHAT, **attributes}).finish_reason == reason


def test_the_reason_of_a_choice_event() -> None:
    choice = SpanEvent(1, "gen_ai.choice", {"finish_reason": "stop", "message": '{"content":"hi"}'})
    assert facts_of(CHAT, events=(choice,)).finish_reason == "stop"


@pytest.mark.parametrize(
    ("attributes", "milliseconds"),
    [
        ({"gen_ai.response.time_to_first_chunk": 0.25}, 250),
        ({"gen_ai.response.time_to_first_chunk": "0.25"}, 250),
        ({"gen_ai.server.time_to_first_token": 2}, 2000),
        ({"ai.response.msToFirstChunk": 12.5}, 12.5),
        ({"ai.response.msToFirstChunk": float("nan")}, None),
        ({"ai.response.msToFirstChunk": -1}, None),
        ({"ai.response.msToFirstChunk": 1e300}, None),
        ({"gen_ai.response.time_to_first_chunk": True}, None),
        ({"langfuse.observation.completion_start_time": '"2025-10-09T08:53:20.5Z"'}, 500),
        ({"langfuse.observation.completion_start_time": "2025-10-09T08:53:20.500000"}, 500),
        ({"langfuse.observation.completion_start_time": "2025-10-09T08:53:19Z"}, None),
        ({"langfuse.observation.completion_start_time": "soon"}, None),
        ({}, None),
    ],
)
def test_time_to_first_token(attributes: dict[str, Any], milliseconds: float | None) -> None:
    facts = normalise(started({**CHAT, **attributes}))
    assert facts is not None
    assert facts.time_to_first_token_ns == (None if milliseconds is None else milliseconds * 1e6)


def test_strands_gives_milliseconds_under_a_name_of_seconds() -> None:
    facts = normalise(started({**CHAT, "gen_ai.server.time_to_first_token": 300}, scope="strands.telemetry.tracer"))
    assert facts is not None
    assert facts.time_to_first_token_ns == 300_000_000


@pytest.mark.parametrize(
    "name", ["First Token Stream Event", "gen_ai.content.completion.chunk", "ai.stream.firstChunk"]
)
def test_the_first_event_of_a_stream_tells_the_time(name: str) -> None:
    events = tuple(SpanEvent(START + at, found, {}) for at, found in ((1, "other"), (70, name), (90, name)))
    facts = normalise(started(CHAT, events=events))
    assert facts is not None
    assert facts.time_to_first_token_ns == 70


def test_iso_times_without_a_zone_are_utc() -> None:
    assert unix_nano("2025-10-09T08:53:20.000001") == START + 1000
    assert unix_nano("2025-10-09T10:53:20+02:00") == START
    assert unix_nano(5) is None


@pytest.mark.parametrize(
    ("attributes", "node"),
    [
        ({"openinference.span.kind": "CHAIN", "graph.node.id": "planner"}, "planner"),
        ({"openinference.span.kind": "LLM", "metadata": '{"user_id":"u","langgraph_node":"model"}'}, "model"),
        ({"langsmith.span.kind": "llm", "langsmith.metadata.langgraph_node": "model"}, "model"),
        ({"traceloop.span.kind": "task", "traceloop.entity.path": "run.search"}, "run.search"),
        ({"langfuse.observation.type": "span", "langfuse.observation.metadata.langgraph_node": "tools"}, "tools"),
    ],
)
def test_node_of_a_graph(attributes: dict[str, Any], node: str) -> None:
    assert facts_of(attributes).node == node


def test_environment_of_the_span_before_that_of_its_resource() -> None:
    resource = {"deployment.environment": "production"}
    assert facts_of(CHAT, resource=resource).environment == "production"
    assert facts_of({**CHAT, "langfuse.environment": "staging"}, resource=resource).environment == "staging"


def started(attributes: dict[str, Any], events: tuple[SpanEvent, ...] = (), scope: str = "") -> Span:
    end = START + 10**9
    return Span(TRACE_ID, b"12345678", b"", START, end, "chat", 1, 0, "", attributes, events, (), {}, scope, "")


@pytest.mark.parametrize(
    ("usage", "output_tokens"),
    [
        ({"inputTokens": 80, "outputTokens": 12, "thoughtsTokens": 5, "totalTokens": 97}, 17),
        ({"inputTokens": 80, "outputTokens": 17, "thoughtsTokens": 5, "totalTokens": 97}, 17),
        ({"inputTokens": 80, "outputTokens": 12, "thoughtsTokens": 5}, 12),
    ],
)
def test_reasoning_counted_beside_the_output_is_part_of_it(usage: dict[str, int], output_tokens: int) -> None:
    answer = {"message": {"role": "model", "content": [{"text": "hi"}]}, "usage": usage}
    of_object = facts_of({"genkit:type": "action", "genkit:metadata:subtype": "model", "genkit:output": dumps(answer)})
    of_keys = facts_of(
        {
            **CHAT,
            "gen_ai.usage.input_tokens": usage["inputTokens"],
            "gen_ai.usage.output_tokens": usage["outputTokens"],
            "gen_ai.usage.reasoning_tokens": usage["thoughtsTokens"],
            "gen_ai.usage.total_tokens": usage.get("totalTokens"),
        }
    )
    for facts in (of_object, of_keys):
        assert (facts.output_tokens, facts.reasoning_tokens) == (output_tokens, 5)
