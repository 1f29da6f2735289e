"""`GET /v1/traces?event_id=`: the spans of an event over all of its traces, as Raindrop's clients parse them."""

from typing import Any

from tests.agent_run import accepted, made
from tests.fix_pages import running_pages
from tests.spans_made import new_id

EVENT = {"traceloop.association.properties.event_id": "e/1"}
STREAM = {"ai.operationId": "ai.streamText.doStream", "ai.response.text": "Sunny.", "ai.usage.outputTokens": 7}
KEYS = {
    *("trace_id", "span_id", "parent_span_id", "span_name", "span_type", "status", "start_time_ns", "end_time_ns"),
    *("duration_ns", "input", "output", "input_tokens", "output_tokens", "model", "provider", "attributes"),
}


def task(kind: str, **texts: str) -> dict[str, Any]:
    return EVENT | {"traceloop.span.kind": kind} | {f"traceloop.entity.{key}": value for key, value in texts.items()}


async def test_spans_of_an_event(database: str) -> None:
    first, second = new_id(16), new_id(16)
    spans = [
        made(first, 1, 0, "plan.task", task("task", input='{"args":[1],"kwargs":{}}', output="[1, 2]"), 1_000),
        made(first, 2, 1, "look.tool", task("tool", input='{"args":["Oslo"]}', output="x" * 50), 2_000),
        made(first, 3, 1, "other", EVENT, 3_000, status={"code": 2}),
        made(second, 4, 0, "ai.streamText.doStream", EVENT | STREAM, 4_000, 9_000),
        made(first, 6, 1, "chat", EVENT | {"traceloop.span.kind": "llm"}, 6_000, status={"code": 2, "message": "429"}),
        made(second, 5, 4, "of another", {"traceloop.association.properties.event_id": "e2"}, 5_000),
    ]
    spans[2].attributes.add(key="flag").value.bool_value = True
    spans[2].attributes.add(key="list").value.array_value.values.add(int_value=1)
    async with running_pages(database) as pages:
        await pages.store_and_derive(accepted(spans))
        answer = await pages.json("/v1/traces?event_id=e%2F1&limit=200")
        plan, look, other, streamed, refused = answer["data"]
        assert all(span.keys() == KEYS for span in answer["data"])
        assert answer["meta"] == {"shown": 5, "total": 5}
        (failed,) = (await pages.json("/v1/events/e%2F1"))["data"]["error_spans"]
        told = (failed["span_id"], failed["span_name"], failed["span_type"], failed["output_payload"])
        assert told == (refused["span_id"], "chat", "LLM_GENERATION", "429")
        assert (plan["span_type"], plan["output"], plan["parent_span_id"]) == ("INTERNAL", "[1, 2]", None)
        assert (look["span_type"], look["input"], look["output"]) == ("TOOL_CALL", "Oslo", "x" * 50)
        assert (other["status"], other["attributes"]["flag"], other["attributes"]["list"]) == (
            "ERROR",
            "true",
            "[1]",
        )
        assert (streamed["span_type"], streamed["output"], streamed["output_tokens"]) == (
            "LLM_GENERATION_STREAM",
            "Sunny.",
            7,
        )
        assert (streamed["start_time_ns"], streamed["duration_ns"]) == (4_000, 5_000)
        cut = await pages.json("/v1/traces?event_id=e%2F1&limit=2&trunc_len=10")
        assert [span["output"] for span in cut["data"]] == ["[1, 2]", "x" * 10]
        assert cut["meta"] == {"shown": 2, "total": 5}
        assert (await pages.json("/v1/traces?event_id=unknown"))["data"] == []
