"""A run of an agent of which only the model's client is instrumented: each LLM call is a trace of its own."""

import json
from typing import Any

from tests.agent_run import MILLISECOND, accepted, made
from tests.spans_made import NOW
from trace_store.model import AcceptedSpan

QUESTION = "Book a table for two in Oslo"


def client_only_run(
    run: int, failures: list[str | None], *, conversation_id: str | None = None, tool: str = "book_table"
) -> list[list[AcceptedSpan]]:
    """One trace per LLM call, in order of time: `failures` has an entry per tool call, the error text or None.

    A call that fails is asked for again with the same arguments; the last LLM call answers the user.
    """
    traces = []
    for number in range(len(failures) + 1):
        messages: list[dict[str, Any]] = [{"role": "user", "parts": [{"type": "text", "content": QUESTION}]}]
        for earlier in range(number):
            messages.append({"role": "assistant", "parts": [_asked(run, earlier, tool)]})
            failure = failures[earlier]
            response = {"booked": True} if failure is None else {"error": failure}
            answered = {"type": "tool_call_response", "id": f"call_{run}_{earlier}", "response": response}
            messages.append({"role": "tool", "parts": [answered]})
        done = {"type": "text", "content": "Your table is booked."}
        said = {"role": "assistant", "parts": [_asked(run, number, tool) if number < len(failures) else done]}
        values: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 10,
            "gen_ai.input.messages": json.dumps(messages),
            "gen_ai.output.messages": json.dumps([said]),
        }
        if conversation_id is not None:
            values["gen_ai.conversation.id"] = conversation_id
        start_ns = NOW + (run * 1000 + number) * 10 * MILLISECOND
        span = made(trace_id(run, number), 1, name="chat gpt-4o-mini", values=values, start_ns=start_ns)
        traces.append(accepted([span]))
    return traces


def trace_id(run: int, number: int) -> bytes:
    """The trace of an LLM call of a run, both counted from 0."""
    return (run + 1).to_bytes(8) + (number + 1).to_bytes(8)


def _asked(run: int, number: int, tool: str) -> dict[str, Any]:
    arguments = {"city": "Oslo", "people": 2}
    return {"type": "tool_call", "id": f"call_{run}_{number}", "name": tool, "arguments": arguments}
