"""Why a model call stopped, in the words of OTel's GenAI conventions: stop, length, tool_call, content_filter, error.

Source: opentelemetry.io/docs/specs/semconv/gen-ai, output messages, `finish_reason`. Words without a counterpart there
stay as they are, in lower case.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Field
from trace_store.dialects.reading import Reading

_WORDS = {
    "completed": "stop",
    "content_filtered": "content_filter",
    "end_turn": "stop",
    "eos": "stop",
    "function_call": "tool_call",
    "incomplete": "length",
    "max_output_tokens": "length",
    "max_tokens": "length",
    "model_length": "length",
    "safety": "content_filter",
    "stop_sequence": "stop",
    "tool_calls": "tool_call",
    "tool_use": "tool_call",
}
_WORD_CHARS_MAX = 60
_KEYS = ("finish_reason", "finishReason", "stop_reason", "stopReason")
_ANSWERS: tuple[Field, ...] = ("output_messages", "output")
_JSON_BEGINS = ("{", "[")
# Quotes inside JSON strings are escaped, so this cannot match in somebody's text.
_IN_JSON = re.compile(r'"(?:finish_reason|finishReason|stop_reason|stopReason)"\s*:\s*"([^"\\]{1,60})"')


def finish_reason(reading: Reading, outputs: Sequence[Any]) -> str | None:
    """The reason of the first choice: told by an attribute, by the answer's messages or by the raw response."""
    if "finish_reason" in reading.fields:
        told = canonical_reason(reading.value("finish_reason"))
        if told is not None:
            return told
    for message in outputs:
        if (told := _of_message(message)) is not None:
            return told
    for field in _ANSWERS:
        if field in reading.fields and (told := _in_answer(reading.value(field))) is not None:
            return told
    for key in reading.layout.flat_reasons:
        if told := canonical_reason(reading.attributes[key]):
            return told
    return None


def canonical_reason(value: Any) -> str | None:
    """A reason as written by any library; of a list the first. `FinishReason.TOOL_CALLS` is tool_call."""
    if value.__class__ is list and len(value) == 1:
        value = value[0]
    if value.__class__ is str and len(value) <= _WORD_CHARS_MAX:
        return _known_reason(value)
    return _reason(value)


def _reason(value: Any) -> str | None:
    if isinstance(value, str) and value[:1] in ("[", '"'):
        value = unwrap(value)
    if isinstance(value, list):
        value = next((item for item in value if item), None) if len(value) != 1 else value[0]
    if not isinstance(value, str) or len(value) > _WORD_CHARS_MAX:
        return None
    return _word(value)


_known_reason = lru_cache(maxsize=1024)(_reason)


@lru_cache(maxsize=1024)
def _word(written: str) -> str | None:
    word = written.strip().lower().removeprefix("finishreason.").replace("-", "_")
    return _WORDS.get(word, word) or None


def _in_answer(value: Any) -> str | None:
    """The reason in messages or in a raw response, whole or as JSON."""
    if isinstance(value, str):
        match = _IN_JSON.search(value) if value[:1] in _JSON_BEGINS and 'eason"' in value else None  # `in` is quicker
        return canonical_reason(match.group(1)) if match else None
    if isinstance(value, list):
        for message in value:
            if (told := _of_message(message)) is not None:
                return told
    return None


def _of_message(message: Any) -> str | None:
    if not isinstance(message, dict):
        return None
    for key in _KEYS:
        if key in message and (told := canonical_reason(message[key])):
            return told
    return None
