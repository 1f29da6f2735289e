"""Claude Code, by its documented names: spans, span events, log records."""

from tests.spans_by_hand import log, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR, STATUS_UNSET, LogRecord, SpanEvent

SCOPE = "com.anthropic.claude_code.tracing"


def facts_of(
    attributes: dict[str, object], *logs: LogRecord, events: tuple[SpanEvent, ...] = (), status: int = STATUS_UNSET
) -> SpanFacts:
    named = f"claude_code.{attributes.get('span.type')}"
    facts = normalise(
        span({"session.id": "s1", **attributes}, name=named, scope_name=SCOPE, events=events, status_code=status), logs
    )
    assert facts is not None
    assert (facts.dialect, facts.conversation_id) == ("claude_code", "s1")
    return facts


def test_an_interaction() -> None:
    facts = facts_of({"span.type": "interaction", "user_prompt": "fix it", "interaction.sequence": 1, "user.id": "u1"})
    assert (facts.type, facts.is_aggregate, facts.input_text, facts.user_id) == ("agent", True, "fix it", "u1")
    hidden = facts_of({"span.type": "interaction", "user_prompt": "<REDACTED>"})
    assert hidden.input_text is None


def test_a_model_call() -> None:
    facts = facts_of(
        {
            "span.type": "llm_request",
            "model": "claude-opus-5",
            "gen_ai.system": "anthropic",
            "gen_ai.request.model": "claude-opus-5",
            "input_tokens": 2,
            "output_tokens": 1200,
            "cache_read_tokens": 84562,
            "gen_ai.response.id": "req_1",
            "success": True,
        }
    )
    assert (facts.type, facts.model, facts.provider, facts.response_id) == (
        "llm",
        "claude-opus-5",
        "anthropic",
        "req_1",
    )
    assert (facts.input_tokens, facts.output_tokens, facts.cached_tokens) == (2 + 84562, 1200, 84562)


def test_a_failed_model_call() -> None:
    facts = facts_of(
        {"span.type": "llm_request", "model": "claude-opus-5", "success": False, "error": "429 rate limited"},
        status=STATUS_ERROR,
    )
    assert facts.failure is not None
    assert facts.failure.message == "429 rate limited"


def test_a_tool_and_its_output_event() -> None:
    facts = facts_of(
        {"span.type": "tool", "tool_name": "Bash", "tool_use_id": "t1", "full_command": "ls"},
        events=(SpanEvent(1, "tool.output", {"output": "a.txt"}),),
    )
    assert (facts.type, facts.tool_name, facts.tool_call_id) == ("tool", "Bash", "t1")
    assert (facts.arguments and facts.arguments.value, facts.result and facts.result.value) == ("ls", "a.txt")


def test_the_execution_of_a_tool_states_its_failure() -> None:
    facts = facts_of(
        {
            "span.type": "tool.execution",
            "tool_use_id": "t1",
            "success": False,
            "error": "exit 1",
            "error_class": "Shell",
        },
        status=STATUS_ERROR,
    )
    assert (facts.type, facts.tool_call_id, facts.tool_name) == ("tool", "t1", None)
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("Shell", "exit 1")


def test_waiting_for_the_user_is_no_tool_call() -> None:
    assert facts_of({"span.type": "tool.blocked_on_user", "decision": "accept"}).type == "other"


def test_a_log_record_of_a_failed_tool() -> None:
    record = {
        "tool_name": "Bash",
        "tool_use_id": "t1",
        "success": "false",
        "error": "exit 1",
        "event.name": "tool_result",
    }
    facts = facts_of({"span.type": "tool"}, log("tool_result", "claude_code.tool_result", record))
    assert (facts.tool_name, facts.tool_call_id) == ("Bash", "t1")
    assert facts.failure is not None
    assert facts.failure.message == "exit 1"
    elsewhere = facts_of({"span.type": "interaction"}, log("tool_result", "claude_code.tool_result", record))
    assert (elsewhere.type, elsewhere.failure) == ("agent", None)


def test_names_that_are_common_mean_nothing_elsewhere() -> None:
    facts = normalise(span({"gen_ai.operation.name": "chat", "model": "x", "error": "no", "input_tokens": 3}))
    assert facts is not None
    assert (facts.model, facts.input_tokens, facts.failure) == (None, None, None)


def told_by(name: str, **values: object) -> SpanFacts:
    """The facts of a record that is a step by itself."""
    events = (SpanEvent(1, f"claude_code.{name}", {"session.id": "s1", **values}),)
    facts = normalise(span({}, name=name, scope_name=SCOPE, events=events))
    assert facts is not None
    return facts


def test_a_record_of_an_mcp_tool_has_the_name_that_spans_give_it() -> None:
    parameters = '{"mcp_server_name":"shop","mcp_tool_name":"lookup"}'
    facts = told_by("tool_result", tool_name="mcp_tool", tool_parameters=parameters, tool_input='{"a":1}')
    assert (facts.type, facts.tool_name) == ("tool", "mcp__shop__lookup")
    assert facts.arguments is not None
    assert facts.arguments.value == {"a": 1}
    assert told_by("tool_result", tool_name="mcp_tool").tool_name == "mcp_tool"
    assert told_by("tool_result", tool_name="mcp_tool", tool_parameters='"x"').tool_name == "mcp_tool"


def test_an_answer_that_names_no_request_is_no_call_of_its_own() -> None:
    told = told_by("assistant_response", response="done", model="claude-opus-5")
    assert (told.type, told.is_aggregate, told.output_text) == ("chain", True, "done")
    assert told_by("assistant_response", response="done", request_id="req_1").type == "llm"


def test_the_agent_is_called_by_its_name() -> None:
    assert facts_of({"span.type": "interaction"}).agent_name == "claude_code"
