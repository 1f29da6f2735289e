"""A run whose model calls two libraries tell, each in a trace of its own: LangSmith and Anthropic's client."""

from typing import Any, NamedTuple

from tests.agent_run import MILLISECOND, accepted, made
from tests.spans_made import NOW
from trace_store.model import AcceptedSpan

MODEL = "claude-sonnet-4-5"
CLIENT_SCOPE = "com.anthropic.sdk.python"
INPUT_TOKENS, OUTPUT_TOKENS = 100, 10  # of each call


class ToldTwice(NamedTuple):
    """The trace of the framework, which knows the user and the tool, and that of the client."""

    framework: list[AcceptedSpan]
    client: list[AcceptedSpan]


def told_twice_run(run: int, *, calls: int = 2, conversation_id: str | None = None, offset_ns: int = 0) -> ToldTwice:
    """`calls` model calls, each but the last of which asks for a tool; `offset_ns` is the client's delay."""
    start_ns = NOW + run * 1000 * MILLISECOND
    told = [made(trace_ids(run)[0], 1, name="agent", values={"langsmith.span.kind": "chain"}, start_ns=start_ns)]
    clients = []
    for number in range(calls):
        begins_ns = start_ns + number * 10 * MILLISECOND
        ends_ns = begins_ns + 5 * MILLISECOND
        says: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "anthropic",
            "gen_ai.request.model": MODEL,
            "gen_ai.response.id": response_id(run, number),
            "gen_ai.usage.input_tokens": INPUT_TOKENS,
            "gen_ai.usage.output_tokens": OUTPUT_TOKENS,
        }
        more: dict[str, Any] = {"langsmith.span.kind": "llm"}
        if conversation_id is not None:
            more["langsmith.metadata.session_id"] = conversation_id
        llm = made(trace_ids(run)[0], 10 + number, 1, "ChatAnthropic", says | more, begins_ns, ends_ns)
        told.append(llm)
        inner = (begins_ns + offset_ns + MILLISECOND, ends_ns + offset_ns - MILLISECOND)
        clients.append(made(trace_ids(run)[1], 10 + number, 99, f"chat {MODEL}", says, *inner))
        if number < calls - 1:
            tool = {"langsmith.span.kind": "tool", "gen_ai.tool.name": "look_up", "gen_ai.prompt": '{"order": 7}'}
            told.append(made(trace_ids(run)[0], 50 + number, 1, "look_up", tool, ends_ns))
    return ToldTwice(accepted(told, scope="langsmith"), accepted(clients, scope=CLIENT_SCOPE))


def trace_ids(run: int) -> tuple[bytes, bytes]:
    """The traces of a run, counted from 0: the framework's and the client's."""
    return (b"\x01" + run.to_bytes(7) + bytes([1] * 8), b"\x01" + run.to_bytes(7) + bytes([2] * 8))


def response_id(run: int, number: int) -> str:
    """What the provider calls the answer to a call."""
    return f"msg_01Xk9QfZbT7{run:04}{number:04}"
