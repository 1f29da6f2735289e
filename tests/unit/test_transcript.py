"""Messages as roles and parts, whatever shape a library gives them."""

import json
from typing import Any

from tests.dialect_captures import read_capture, scenarios
from tests.spans_by_hand import span
from trace_store.dialects import normalise, transcript
from trace_store.dialects.transcript import Part, RoleMessage, role_messages


def parts(content: Any, role: str = "user", **more: Any) -> list[Part]:
    (message,) = role_messages([{"role": role, "content": content, **more}])
    assert message.role == role
    return list(message.parts)


def test_text_of_every_shape() -> None:
    for content in (
        "hi",
        ["hi"],
        [{"type": "text", "text": "hi"}],
        [{"text": "hi"}],
        [{"type": "input_text", "text": "hi"}],
    ):
        assert parts(content) == [Part("text", text="hi")]
    assert parts("") == parts(None) == parts([]) == []


def test_calls_and_results_have_json_values() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q": "x"}'}}
    expected = Part("tool_call", name="find", call_id="c1", value={"q": "x"})
    assert parts("one moment", "assistant", tool_calls=[call]) == [Part("text", text="one moment"), expected]
    block = {"type": "tool_use", "id": "c1", "name": "find", "input": {"q": "x"}}
    assert parts([block], "assistant") == [expected]
    assert parts([block], "assistant", tool_calls=[call]) == [expected]
    assert parts('{"rows": 2}', "tool", tool_call_id="c1") == [Part("tool_result", call_id="c1", value={"rows": 2})]
    assert parts([{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "7"}]}]) == [
        Part("tool_result", call_id="c1", value="7")
    ]
    assert parts([{"functionCall": {"name": "find", "args": {"q": "x"}}}], "assistant")[0].value == {"q": "x"}


def test_items_of_the_responses_api() -> None:
    items = [
        {"type": "function_call", "call_id": "c1", "name": "find", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "none"},
    ]
    assert role_messages(items) == (
        RoleMessage("assistant", (Part("tool_call", name="find", call_id="c1", value={}),)),
        RoleMessage("tool", (Part("tool_result", call_id="c1", value="none"),)),
    )


def test_reasoning_stands_apart() -> None:
    assert parts([{"type": "thinking", "thinking": "hm"}], "assistant") == [Part("reasoning", text="hm")]
    assert parts([{"type": "reasoning", "content": "hm"}], "assistant") == [Part("reasoning", text="hm")]
    assert parts([{"text": "hm", "thought": True}], "assistant") == [Part("reasoning", text="hm")]
    assert parts("so", "assistant", reasoning_content="hm") == [Part("reasoning", text="hm"), Part("text", text="so")]
    assert parts([{"type": "redacted_thinking", "data": "AA"}], "assistant") == [Part("reasoning")]


def test_media_is_described_and_its_bytes_are_counted_only() -> None:
    url = "https://example.org/a.png"
    assert parts([{"type": "image_url", "image_url": {"url": url}}]) == [Part("media", name="image_url", uri=url)]
    assert parts([{"type": "input_image", "image_url": url}]) == [Part("media", name="input_image", uri=url)]
    png = Part("media", name="image", mime="image/png", size_bytes=4)
    source = {"type": "base64", "media_type": "image/png", "data": "AAAAAA=="}
    assert parts([{"type": "image", "source": source}]) == [png]
    assert parts([{"type": "image", "url": "data:image/png;base64,AAAAAA=="}]) == [png]
    assert parts([{"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAAAA=="}]) == [png]
    (google,) = parts([{"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}])
    assert (google.kind, google.mime, google.size_bytes) == ("media", "audio/wav", 3)
    (wrapped,) = parts([{"message_content": {"type": "image", "image": {"image": {"url": url}}}}])
    assert (wrapped.kind, wrapped.uri) == ("media", url)


def test_what_nobody_knows_is_kept() -> None:
    assert parts([{"type": "hologram", "beam": 1}]) == [
        Part("other", name="hologram", value={"type": "hologram", "beam": 1})
    ]
    assert parts([{"type": "refusal", "refusal": "no"}])[0].value == {"type": "refusal", "refusal": "no"}
    assert parts([7]) == [Part("other", value=7)]
    assert role_messages([7, "x", None, {}, {"role": 5}]) == (RoleMessage("", ()), RoleMessage("", ()))


def test_a_tool_span_and_a_plain_span_have_no_messages() -> None:
    tool = span({"gen_ai.operation.name": "execute_tool", "gen_ai.input.messages": '[{"role":"user","content":"a"}]'})
    assert transcript(tool) == transcript(span({"http.route": "/"})) == transcript(span())


def test_a_step_with_one_text_has_one_message() -> None:
    found = transcript(span({"openinference.span.kind": "AGENT", "input.value": "why?", "output.value": "so."}))
    assert found.inputs == (RoleMessage("user", (Part("text", text="why?"),)),)
    assert found.outputs == (RoleMessage("assistant", (Part("text", text="so."),)),)


def test_the_answers_of_all_captures_ask_for_the_calls_that_their_facts_know() -> None:
    seen = 0
    for scenario in scenarios():
        for read, logs in read_capture(scenario):
            facts = normalise(read, logs)
            if facts is None or facts.type != "llm" or facts.is_aggregate:
                continue
            outputs = transcript(read, logs).outputs
            calls = [part for message in outputs for part in message.parts if part.kind == "tool_call"]
            expected = [(call.name, call.call_id) for call in facts.requested_calls]
            if not calls and all(call.turn for call in facts.requested_calls):
                continue  # of turns inside the span, which its messages do not tell
            assert [part.call_id for part in calls] == [call_id for _, call_id in expected], (scenario, read.name)
            for part, (name, _) in zip(calls, expected, strict=True):
                assert part.name.endswith(name)  # facts leave out the plugin before a function
            seen += len(calls)
    assert seen > 50


def test_a_history_in_one_attribute() -> None:
    history = [{"role": "user", "parts": [{"type": "text", "content": str(n)}]} for n in range(3)]
    found = transcript(span({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(history)}))
    assert [message.parts[0].text for message in found.inputs] == ["0", "1", "2"]
