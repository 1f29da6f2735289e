"""Gemini CLI, by its documented names: operations, tool requests, log records."""

import json

from tests.spans_by_hand import log, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import LogRecord

REQUEST = {"request": {"callId": "c1", "name": "read_file", "args": {"path": "a.txt"}}}
RESPONSE = {
    "response": {
        "callId": "c1",
        "responseParts": [{"functionResponse": {"id": "c1", "name": "read_file", "response": {"output": "text"}}}],
    }
}


def facts_of(attributes: dict[str, object], *logs: LogRecord) -> SpanFacts:
    facts = normalise(span(attributes, scope_name="gemini-cli"), logs)
    assert facts is not None
    assert facts.dialect == "gemini_cli"
    return facts


def test_a_model_call() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "look", "args": {"q": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "look", "response": {"output": "x"}}}]},
    ]
    answer = {"role": "model", "parts": [{"text": "well", "thought": True}, {"text": "done"}]}
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 3, "cachedContentTokenCount": 2, "thoughtsTokenCount": 1}
    facts = facts_of(
        {
            "gen_ai.operation.name": "llm_call",
            "gen_ai.request.model": "gemini-3-pro",
            "gen_ai.agent.name": "gemini-cli",
            "gen_ai.conversation.id": "s1",
            "gen_ai.input.messages": json.dumps({"request": {"model": "gemini-3-pro", "contents": contents}}),
            "output-json": json.dumps({"response": {"candidates": [{"content": answer}], "usageMetadata": usage}}),
        }
    )
    assert (facts.type, facts.model, facts.conversation_id) == ("llm", "gemini-3-pro", "s1")
    assert (facts.input_text, facts.output_text) == ("hi", "done")
    assert [(call.call_id, call.name) for call in facts.answered_calls] == [("c1", "look")]
    assert (facts.input_tokens, facts.output_tokens, facts.cached_tokens, facts.reasoning_tokens) == (9, 3, 2, 1)


def test_a_tool_call() -> None:
    facts = facts_of(
        {
            "gen_ai.operation.name": "tool_call",
            "gen_ai.tool.name": "read_file",
            "gen_ai.tool.call_id": "c1",
            "gen_ai.input.messages": json.dumps(REQUEST),
            "gen_ai.output.messages": json.dumps(RESPONSE),
        }
    )
    assert (facts.type, facts.tool_name, facts.tool_call_id) == ("tool", "read_file", "c1")
    assert (facts.arguments and facts.arguments.value) == {"path": "a.txt"}
    assert (facts.result and facts.result.value) == {"output": "text"}


def test_a_failed_tool_is_told_by_its_log_record() -> None:
    record = {
        "function_name": "run_shell",
        "function_args": '{"command": "ls"}',
        "success": False,
        "error": "exit code 2",
        "error_type": "execution_failed",
    }
    facts = facts_of({"gen_ai.operation.name": "tool_call"}, log("gemini_cli.tool_call", "said", record))
    assert (facts.tool_name, facts.arguments and facts.arguments.value) == ("run_shell", {"command": "ls"})
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("execution_failed", "exit code 2")


def test_tokens_of_a_response_record() -> None:
    record = {"model": "gemini-3-pro", "input_token_count": 9, "output_token_count": 3, "session.id": "s1"}
    facts = facts_of({"gen_ai.operation.name": "llm_call"}, log("gemini_cli.api_response", None, record))
    assert (facts.model, facts.input_tokens, facts.output_tokens, facts.conversation_id) == ("gemini-3-pro", 9, 3, "s1")


def test_a_record_of_another_kind_changes_nothing() -> None:
    facts = facts_of(
        {"gen_ai.operation.name": "agent_call"},
        log("gemini_cli.tool_call", None, {"function_name": "run_shell", "success": False}),
        log("gemini_cli.user_prompt", None, {"prompt": "hi"}),
    )
    assert (facts.type, facts.tool_name, facts.failure, facts.input_text) == ("agent", None, None, "hi")


def test_a_span_that_tells_nothing_of_its_answer_is_no_call() -> None:
    answer = {"functionResponse": {"id": "c1", "name": "look", "response": {"output": "x"}}}
    asked: dict[str, object] = {"request_text": json.dumps([{"role": "user", "parts": [answer]}])}
    bare: dict[str, object] = {"gen_ai.operation.name": "llm_call", "gen_ai.request.model": "gemini-3-pro"}
    facts = facts_of(bare, log("gemini_cli.api_request", None, asked | {"model": "gemini-3-pro"}))
    assert (facts.model, [call.call_id for call in facts.answered_calls]) == (None, ["c1"])
    answered = log("gemini_cli.api_response", None, {"model": "gemini-3-pro-001", "input_token_count": 9})
    assert facts_of(bare, answered).model == "gemini-3-pro-001"


def test_call_ids_are_those_of_the_api() -> None:
    called = facts_of(
        {"gen_ai.operation.name": "tool_call", "gen_ai.tool.name": "look", "gen_ai.tool.call_id": "look__c1"}
    )
    call = {"functionCall": {"id": "look__c1", "name": "look", "args": {"q": 1}}}
    candidates = [{"content": {"role": "model", "parts": [call]}}]
    record = {"input_token_count": 9, "response_text": json.dumps([{"candidates": candidates, "responseId": "r1"}])}
    asking = facts_of({"gen_ai.operation.name": "llm_call"}, log("gemini_cli.api_response", None, record))
    assert called.tool_call_id == "c1"
    assert [(call.call_id, call.name) for call in asking.requested_calls] == [("c1", "look")]
    assert asking.response_id is None


def test_a_command_that_ran_and_failed() -> None:
    record = {"function_name": "run_shell", "success": True, "metadata": '{"exitCode": 2, "isError": true}'}
    facts = facts_of({"gen_ai.operation.name": "tool_call"}, log("gemini_cli.tool_call", None, record))
    assert facts.failure is not None
    assert facts.failure.message == "exit code 2"
    ran = record | {"metadata": '{"exitCode": 0}'}
    assert facts_of({"gen_ai.operation.name": "tool_call"}, log("gemini_cli.tool_call", None, ran)).failure is None


def test_reasoning_is_part_of_the_output() -> None:
    counts = {"input_token_count": 82, "output_token_count": 12, "thoughts_token_count": 5, "total_token_count": 99}
    facts = facts_of({"gen_ai.operation.name": "llm_call"}, log("gemini_cli.api_response", None, counts))
    assert (facts.input_tokens, facts.output_tokens, facts.reasoning_tokens) == (82, 17, 5)
