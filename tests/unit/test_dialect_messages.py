"""Every shape of chat message is read into the same text, calls and results."""

import json

import pytest

from trace_store.dialects.messages import Message, raw_messages, read_message, result_in
from trace_store.dialects.texts import given, last_text, text_in
from trace_store.dialects.tool_traffic import ToolCall, ToolResult

CALL = ToolCall("c1", "lookup", {"q": "x"})
ARGUMENTS = '{"q": "x"}'

CALLS = {
    "semconv": {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "lookup", "arguments": ARGUMENTS}],
    },
    "openai chat": {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": ARGUMENTS}}],
    },
    "openai responses": {"type": "function_call", "call_id": "c1", "name": "lookup", "arguments": ARGUMENTS},
    "anthropic": {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c1", "name": "lookup", "input": ARGUMENTS}],
    },
    "bedrock": {
        "role": "assistant",
        "content": [{"toolUse": {"toolUseId": "c1", "name": "lookup", "input": ARGUMENTS}}],
    },
    "vercel 4": {
        "role": "assistant",
        "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "lookup", "args": ARGUMENTS}],
    },
    "vercel 6": {
        "role": "assistant",
        "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "lookup", "input": ARGUMENTS}],
    },
    "repr of openai chat as a text part": {
        "role": "assistant",
        "parts": [
            {
                "type": "text",
                "content": str(
                    {
                        "content": None,
                        "role": "assistant",
                        "tool_calls": [{"id": "c1", "function": {"name": "lookup", "arguments": ARGUMENTS}}],
                    }
                ),
            }
        ],
    },
    "langchain constructor": {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "AIMessage"],
        "kwargs": {
            "content": "",
            "tool_calls": [{"name": "lookup", "args": ARGUMENTS, "id": "c1", "type": "tool_call"}],
        },
    },
    "langchain dict": {
        "type": "ai",
        "data": {"content": "", "tool_calls": [{"name": "lookup", "args": ARGUMENTS, "id": "c1"}]},
    },
    "openinference": {
        "role": "assistant",
        "tool_calls": [{"tool_call": {"id": "c1", "function": {"name": "lookup", "arguments": ARGUMENTS}}}],
        "contents": [
            {"message_content": {"type": "tool_use"}, "tool_call": {"id": "c1", "function": {"name": "lookup"}}}
        ],
    },
    "content blocks in a string": {
        "role": "assistant",
        "content": json.dumps([{"type": "tool_use", "id": "c1", "name": "lookup", "input": ARGUMENTS}]),
    },
    "kwargs": {
        "role": "assistant",
        "additional_kwargs": {"tool_calls": [{"id": "c1", "function": {"name": "lookup", "arguments": ARGUMENTS}}]},
    },
}

RESULTS = {
    "semconv": {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "gone"}]},
    "semconv under user": {"role": "user", "parts": [{"type": "tool_call_response", "id": "c1", "result": "gone"}]},
    "openai chat": {"role": "tool", "tool_call_id": "c1", "content": "gone"},
    "openai responses": {"type": "function_call_output", "call_id": "c1", "output": "gone"},
    "anthropic": {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "gone"}]},
    "bedrock": {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": "gone"}}]},
    "vercel 4": {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "result": "gone"}]},
    "vercel 6": {
        "role": "tool",
        "content": [{"type": "tool-result", "toolCallId": "c1", "output": {"type": "text", "value": "gone"}}],
    },
    "langchain constructor": {
        "lc": 1,
        "id": ["langchain", "schema", "messages", "ToolMessage"],
        "kwargs": {"content": "gone", "tool_call_id": "c1"},
    },
    "langchain dict": {"type": "tool", "data": {"content": "gone", "tool_call_id": "c1"}},
}

FAILED_RESULTS = {
    "status": {"type": "tool", "content": "gone", "tool_call_id": "c1", "status": "error"},
    "is_error": {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "gone", "is_error": True}],
    },
    "output.type": {
        "role": "tool",
        "content": [{"type": "tool-result", "toolCallId": "c1", "output": {"type": "error-text", "value": "gone"}}],
    },
    "toolResult status": {
        "role": "user",
        "content": [{"toolResult": {"toolUseId": "c1", "status": "error", "content": "gone"}}],
    },
}


@pytest.mark.parametrize("shape", CALLS)
def test_calls(shape: str) -> None:
    message = read_message(CALLS[shape])
    assert message == Message("assistant", "", (ToolCall("c1", "lookup", ARGUMENTS),))


@pytest.mark.parametrize("shape", RESULTS)
def test_results(shape: str) -> None:
    message = read_message(RESULTS[shape])
    assert message is not None
    assert message.results == (ToolResult("c1", "", "gone"),)
    assert message.text == ""


@pytest.mark.parametrize("shape", FAILED_RESULTS)
def test_results_that_say_they_failed(shape: str) -> None:
    message = read_message(FAILED_RESULTS[shape])
    assert message is not None
    assert (message.results[0].value, bool(message.results[0].flag)) == ("gone", True)


@pytest.mark.parametrize(
    "holder",
    [
        [{"role": "user", "content": "hi"}],
        {"messages": [{"role": "user", "content": "hi"}]},
        {"model": "m", "input": [{"role": "user", "content": "hi"}]},
        {"inputs": {"messages": [{"type": "human", "content": "hi"}]}},
        {"messages": [[{"lc": 1, "id": ["HumanMessage"], "kwargs": {"content": "hi"}}]]},
        {"update": {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}},
        json.dumps([json.dumps({"role": "user", "content": "hi"})]),
        {"role": "user", "content": [{"text": "hi"}]},
        {"role": "human", "parts": ["hi"]},
    ],
    ids=str,
)
def test_where_messages_are_found(holder: object) -> None:
    assert last_text(raw_messages(holder), "user") == "hi"


def test_the_model_answer_is_found_in_raw_responses() -> None:
    chat = {"id": "r", "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}}]}
    responses = {
        "id": "r",
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "yes"}]}],
    }
    langchain = {"generations": [[{"text": "yes", "message": {"type": "ai", "content": "yes"}}]]}
    for raw in (chat, responses, langchain):
        assert last_text(raw_messages(raw), "assistant") == "yes"


def test_reasoning_and_media_are_no_text() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "image", "data": "AA"}, {"type": "text", "text": "yes"}]
    message = read_message({"role": "assistant", "content": content})
    assert message is not None
    assert message.text == "yes"


def test_a_user_may_write_json() -> None:
    message = read_message({"role": "user", "content": '[{"id": 1}]'})
    assert message is not None
    assert message.text == '[{"id": 1}]'


def test_an_assistant_may_write_python() -> None:
    for text in ("{'tool_calls': []}", "{'role': 'user', 'tool_calls': [{'function': {'name': 'lookup'}}]}"):
        assert read_message({"role": "assistant", "parts": [{"type": "text", "content": text}]}) == Message(
            "assistant", text
        )


def test_only_new_results_are_answers() -> None:
    history = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [{"id": "old", "function": {"name": "a", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "old", "content": "1"},
        {"role": "assistant", "tool_calls": [{"id": "new", "function": {"name": "b", "arguments": '{"x": 1}'}}]},
        {"role": "tool", "tool_call_id": "new", "content": '{"error": "no"}'},
    ]
    (call,) = given(history)[1]
    assert (call.call_id, call.name) == ("new", "b")
    assert call.arguments is not None
    assert call.result is not None
    assert (call.arguments.value, call.result.value) == ({"x": 1}, {"error": "no"})
    later = [*history, {"role": "assistant", "content": "done"}, {"role": "user", "content": "more"}]
    assert given(later) == ("more", ())


def test_results_without_id_belong_to_the_calls_in_their_order() -> None:
    history = [
        {"role": "assistant", "tool_calls": [{"function": {"name": "a"}}, {"function": {"name": "b"}}]},
        {"role": "tool", "content": "1"},
        {"role": "tool", "content": "2"},
    ]
    assert [(call.name, call.result and call.result.value) for call in given(history)[1]] == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("hello", "hello"),
        ('"hello"', "hello"),
        ('{"args": ["hello"], "kwargs": {}}', "hello"),
        ('{"question": "hello", "history": []}', "hello"),
        ('{"input": {"messages": [{"role": "user", "content": "hello"}]}}', "hello"),
        ('{"anything": "hello"}', "hello"),
        ([{"type": "text", "text": "hello"}], "hello"),
        ("null", None),
        ("", None),
        ("StopEvent(result=AgentOutput(x=1))", None),
        ("<groq.Stream object at 0x7fd2ee363850>", None),
        ("<async_generator object Agent.<locals>.run at 0x7fd2ee363850>", None),
        ("<b> object at 0xff", "<b> object at 0xff"),
        ('{"a": 1, "b": 2}', None),
    ],
)
def test_the_text_of_a_step(written: object, text: str | None) -> None:
    assert text_in(written, "user") == text


def test_tool_outputs_that_wrap_the_result() -> None:
    message = {"type": "tool", "name": "lookup", "tool_call_id": "c1", "content": "gone", "status": "error"}
    wrapped = ToolResult("c1", "lookup", "gone", "status")
    assert result_in(message) == wrapped
    assert result_in({"output": message}) == wrapped
    assert result_in({"update": {"messages": [message]}}) == wrapped
    assert result_in({"raw_output": {"a": 1}, "is_error": False, "tool_name": "lookup"}) == ToolResult(
        "", "lookup", {"a": 1}
    )
    assert result_in({"output": "plain"}) is None
    assert result_in({"messages": [{"role": "user", "content": "an inbox, say"}]}) is None


PARTS = [
    {"type": "text", "content": "hi"},
    {"type": "text", "text": "hi", "content": "other"},
    {"type": "text", "text": '{"role": "assistant", "content": "hi", "tool_calls": []}'},
    {"type": "text", "text": {"value": "hi"}},
    {"type": "text"},
    {"type": "tool_call_response", "id": "c1", "response": "fine"},
    {"type": "tool_call_response", "id": "c1", "response": {"type": "error-text", "value": "late"}},
    {"type": "tool_call_response", "id": None, "response": None},
    {"type": "tool_call_response", "id": "c1", "result": "fine"},
    {"type": "tool_result", "tool_use_id": "c1", "content": "late", "is_error": True},
    {"type": "tool_call", "id": "c1", "name": "lookup", "arguments": {"q": "x"}},
    {"type": "tool_call", "call_id": "c1", "id": "fc1", "name": "lookup", "arguments": None},
    {"type": "tool_call", "id": "c1"},
    {"type": "reasoning", "content": "hm"},
    {"type": 7, "text": "hi"},
    {"text": "hi"},
    "hi",
    None,
]


@pytest.mark.parametrize("part", PARTS, ids=str)
@pytest.mark.parametrize("role", ["user", "assistant", "tool", "system"])
def test_a_message_of_one_part_is_read_as_one_of_several(role: str, part: object) -> None:
    for name in ("parts", "content"):
        whole = read_message({"role": role, name: [part], "weight": 1})
        assert read_message({"role": role, name: [part]}) == whole
    assert read_message({"role": role, "parts": [part], "finish_reason": "stop"}) == whole
