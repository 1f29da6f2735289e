"""Codex CLI, by its published names: facts in span events and log records, plumbing spans without any."""

from tests.spans_by_hand import log, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import SpanEvent

ALWAYS = {"conversation.id": "c1", "model": "gpt-5.6", "app.version": "0.158"}


def event(name: str, **attributes: object) -> SpanEvent:
    """As Rust's tracing exports it: named by its source line, with the name as an attribute."""
    return SpanEvent(1, "event otel/src/events/session_telemetry.rs:1", {"event.name": name, **ALWAYS, **attributes})


def facts_of(attributes: dict[str, object], *events: SpanEvent, name: str = "handle") -> SpanFacts:
    facts = normalise(span(attributes, name=name, events=events, scope_name="codex_exec"))
    assert facts is not None
    assert facts.dialect == "codex"
    return facts


def test_a_plumbing_span_is_nobodys() -> None:
    plumbing = span({"thread.id": 7, "busy_ns": 1}, name="session_loop", events=(SpanEvent(1, "event x.rs:1", {}),))
    assert normalise(plumbing) is None


def test_a_turn_sums_up_its_responses() -> None:
    facts = facts_of(
        {
            "thread.id": "c1",
            "turn.id": "t1",
            "model": "gpt-5.6",
            "codex.turn.reasoning_effort": "medium",
            "codex.turn.token_usage.input_tokens": 1200,
            "codex.turn.token_usage.cached_input_tokens": 1000,
            "codex.turn.token_usage.output_tokens": 80,
            "codex.turn.token_usage.reasoning_output_tokens": 7,
        },
        name="session_task.turn",
    )
    assert (facts.type, facts.is_aggregate, facts.model) == ("agent", True, "gpt-5.6")
    assert (facts.conversation_id, facts.interaction_id) == ("c1", "t1")
    assert (facts.input_tokens, facts.cached_tokens, facts.output_tokens, facts.reasoning_tokens) == (1200, 1000, 80, 7)


def test_a_completed_response() -> None:
    completed = {"event.kind": "response.completed", "input_token_count": "9", "output_token_count": "3"}
    facts = facts_of({}, event("codex.sse_event", **completed, cached_token_count=4, reasoning_token_count=1))
    assert (facts.type, facts.model, facts.conversation_id) == ("llm", "gpt-5.6", "c1")
    assert (facts.input_tokens, facts.output_tokens, facts.cached_tokens, facts.reasoning_tokens) == (9, 3, 4, 1)


def test_other_server_events_are_no_response() -> None:
    read = span({}, events=(event("codex.sse_event", **{"event.kind": "response.output_item.done"}),))
    facts = normalise(read)
    assert facts is not None
    assert facts.type == "other"


def test_a_tool_result() -> None:
    told = {"tool_name": "shell", "call_id": "k1", "arguments": '{"command": ["ls"]}', "output": "a.txt"}
    facts = facts_of({}, event("codex.tool_result", **told, success="true"), name="dispatch")
    assert (facts.type, facts.tool_name, facts.tool_call_id, facts.failure) == ("tool", "shell", "k1", None)
    assert (facts.arguments and facts.arguments.value, facts.result and facts.result.value) == (
        {"command": ["ls"]},
        "a.txt",
    )


def test_several_tool_results_of_one_span_are_several_calls() -> None:
    told = [
        {"tool_name": "shell", "call_id": f"k{n}", "arguments": f'{{"n": {n}}}', "output": "gone", "success": success}
        for n, success in enumerate(("true", "false", "false"))
    ]
    facts = facts_of({}, *(event("codex.tool_result", **each) for each in told), name="run_turn")
    assert (facts.type, facts.tool_name, facts.failure) == ("chain", None, None)
    assert [(call.call_id, call.name, call.turn) for call in facts.requested_calls] == [
        ("k0", "shell", 1),
        ("k1", "shell", 2),
        ("k2", "shell", 3),
    ]
    assert [(call.call_id, call.failure is not None) for call in facts.answered_calls] == [
        ("k0", False),
        ("k1", True),
        ("k2", True),
    ]


def test_a_turn_tells_the_calls_among_its_events() -> None:
    told = {"tool_name": "shell", "call_id": "k1", "output": "a.txt", "success": "true"}
    facts = facts_of({"codex.turn.reasoning_effort": "low"}, event("codex.tool_result", **told))
    assert (facts.type, [call.call_id for call in facts.answered_calls]) == ("agent", ["k1"])


def test_a_failed_tool_in_a_log_record() -> None:
    told = {**ALWAYS, "tool_name": "shell", "call_id": "k1", "success": "false", "output": "exit code 1"}
    facts = normalise(span({}), [log("codex.tool_result", None, told)])
    assert facts is not None
    assert (facts.dialect, facts.type, facts.tool_name) == ("codex", "tool", "shell")
    assert facts.failure is not None


def test_the_number_of_a_thread_of_the_system_is_no_conversation() -> None:
    assert facts_of({"codex.op": "shutdown", "thread.id": 3}).conversation_id is None
    assert facts_of({"codex.op": "shutdown", "thread.id": "c1"}).conversation_id == "c1"
