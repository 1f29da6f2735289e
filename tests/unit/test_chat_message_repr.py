"""Haystack's messages: read in one go, they are what reading the whole repr says."""

import time
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_store.dialects.chat_message_repr import read_chat_message
from trace_store.dialects.haystack import _of_fields
from trace_store.dialects.messages import read_message
from trace_store.dialects.object_repr import parse_object_repr


class ChatRole(Enum):
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass
class TextContent:
    text: str


@dataclass
class ToolCall:
    tool_name: str
    arguments: dict[str, Any]
    id: str | None = None
    extra: None = None


@dataclass
class ToolCallResult:
    result: str
    origin: ToolCall
    error: bool


@dataclass
class ChatMessage:
    _role: ChatRole
    _content: list[Any]
    _name: None = None
    _meta: dict[str, Any] = field(default_factory=dict)


METAS = st.fixed_dictionaries(
    {},
    optional={
        "model": st.text(max_size=5),
        "usage": st.none() | st.dictionaries(st.text(max_size=5), st.none() | st.integers(), max_size=3),
        "index": st.none() | st.booleans() | st.text(max_size=9),
    },
)


TOLD = ("model", "usage", "finish_reason")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
CALLS = st.builds(ToolCall, st.text(max_size=8), st.dictionaries(st.text(max_size=5), VALUES, max_size=3), st.text())
PARTS = st.builds(TextContent, st.text()) | CALLS | st.builds(ToolCallResult, st.text(), CALLS, st.booleans())
MESSAGES = st.builds(ChatMessage, st.sampled_from(ChatRole), st.lists(PARTS, min_size=1, max_size=3), st.none(), METAS)


@settings(max_examples=60)
@given(MESSAGES)
def test_it_says_what_the_whole_repr_says(message: ChatMessage) -> None:
    text = repr(message)
    read = read_chat_message(text)
    if read is not None:
        whole = _of_fields(parse_object_repr(text))
        assert whole is not None
        assert read_message(read) == read_message(whole)
        if message._role is ChatRole.ASSISTANT:
            assert {key: read.get(key) for key in TOLD} == {key: whole.get(key) for key in TOLD}


@settings(max_examples=60)
@given(MESSAGES.map(repr), st.integers(min_value=0), st.text("'\"\\()[]{},=x ", max_size=3))
def test_what_is_broken_is_left_to_the_parser(text: str, at: int, junk: str) -> None:
    broken = text[: at % len(text)] + junk + text[at % len(text) :]
    read = read_chat_message(broken)
    if read is not None and broken.partition("], _name=")[0] != text.partition("], _name=")[0]:
        whole = parse_object_repr(broken.rpartition(", _name=")[0] + ")")
        assert read_message(read) == read_message(_of_fields(whole))


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('TextContent(text="what\'s up?")', "what's up?"),
        (
            "ToolCall(tool_name='a', arguments={'q': '1, 2'}, id=None), TextContent(text='so')",
            [
                {"type": "tool_call", "id": None, "name": "a", "arguments": {"q": "1, 2"}},
                {"type": "text", "content": "so"},
            ],
        ),
    ],
)
def test_the_usual_ones_are_read_at_once(content: str, parts: Any) -> None:
    text = f"ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[{content}], _name=None, _meta={{}})"
    assert read_chat_message(text) == {"role": "assistant", "content" if isinstance(parts, str) else "parts": parts}


@pytest.mark.parametrize(
    "text",
    [
        "ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[ImageContent(base64_image='')], _name=None, _meta={})",
        "ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[TextContent(text='a\\n')], _name=None, _meta={})",
        "ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[",
        "ChatMessage(content='a', role=<ChatRole.USER: 'user'>)",
    ],
)
def test_the_rest_is_left_to_the_parser(text: str) -> None:
    assert read_chat_message(text) is None


@pytest.mark.parametrize(
    "repeated", ["TextContent(text='a'), ", "'), _meta={", "}, id='", "ToolCall(tool_name='a', arguments={"]
)
def test_hostile_texts_take_time_that_grows_with_their_size(repeated: str) -> None:
    """A ratio of the work for eight times the text, with room for a busy machine: quadratic work would be 64."""

    def seconds(times: int) -> float:
        text = "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[" + repeated * times
        texts = [text, text + "TextContent(text='')], _name=None" + ", _meta={" * times + "})"]
        best = float("inf")
        for _ in range(5):
            begun = time.process_time()
            for one in texts:
                read_chat_message(one)
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(16_000) < 30 * seconds(2_000) + 0.01
