"""Messages as roles and parts, for those who read a span: text, tool calls, tool results, reasoning, media.

The facts of a span keep only its last texts and its new tool traffic; this is the whole exchange, made anew from the
span whenever somebody looks at it. Media is described (type, place, size) and its bytes are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trace_store.attributes import json_safe, unwrap
from trace_store.dialects.messages import (
    TEXT_TYPES,
    content_of,
    inner_message,
    message_in_text,
    role_of,
)
from trace_store.dialects.texts import plain
from trace_store.dialects.tool_traffic import ToolCall, call_part, first_of, named_calls, text_of, tool_message

PartKind = Literal["text", "tool_call", "tool_result", "reasoning", "media", "other"]
REASONING_TYPES = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_text"})
_REASONING_KEYS = ("reasoning_content", "reasoning")  # beside the content
_MEDIA_WORDS = ("image", "audio", "video", "file", "blob", "uri", "document", "media")
_MEDIA_KEYS = ("inlineData", "inline_data", "fileData", "file_data", "image", "image_url", "input_audio", "media")
_MIME_KEYS = ("mime_type", "mimeType", "media_type", "mediaType", "contentType", "format")
_URI_KEYS = ("uri", "url", "file_uri", "fileUri", "file_id")
_DATA_KEYS = ("data", "content", "blob", "bytes", "base64", "file_data")
_NESTED_KEYS = (*_MEDIA_KEYS, "source", "file")
_DATA_URI = "data:"
_DEPTH_MAX = 4


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a message; which fields are set depends on its kind."""

    kind: PartKind
    text: str = ""  # of text and reasoning
    name: str = ""  # of the tool; of other parts what the library calls them
    call_id: str = ""
    value: Any = None  # JSON: arguments of a call, a result, or a part of an unknown kind
    mime: str = ""  # of media, as far as it is told
    uri: str = ""  # where the media lies; never loaded
    size_bytes: int | None = None  # of media that the span carries itself


@dataclass(frozen=True, slots=True)
class RoleMessage:
    """A message by its role (user, assistant, system, tool, or as written in lower case)."""

    role: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a step was given and what it answered."""

    inputs: tuple[RoleMessage, ...] = ()
    outputs: tuple[RoleMessage, ...] = ()


def role_messages(items: Sequence[Any]) -> tuple[RoleMessage, ...]:
    """The messages among raw message objects; what is none is left out. Never raises."""
    return tuple(message for item in items if (message := _role_message(item)) is not None)


def _role_message(item: Any) -> RoleMessage | None:
    role = role_of(item)
    if role is None:
        return None
    calls, results = call_part(item) if not isinstance(item.get("role"), str) else ((), ())
    if calls or results:  # an item of OpenAI's Responses API is a call by itself
        return RoleMessage(role, tuple(_parts_of_traffic(calls, results)))
    role, held = inner_message(role, item)
    content = content_of(role, held)
    parts = [Part("reasoning", text=text) for key in _REASONING_KEYS if isinstance(text := held.get(key), str) and text]
    if role == "tool" and not isinstance(content, list):
        result = tool_message(held, content)
        parts.append(Part("tool_result", name=result.name, call_id=result.call_id, value=_json(result.value)))
    elif isinstance(content, str):
        parts += [Part("text", text=content)] if content else []
    else:
        pieces = content if isinstance(content, list) else [content]
        found = [part for piece in pieces if piece is not None for part in _parts(piece)]
        if role == "tool" and not any(part.kind == "tool_result" for part in found):
            result = tool_message(held, content)
            found = [Part("tool_result", name=result.name, call_id=result.call_id, value=_json(result.value))]
        parts += found
    if role == "assistant":
        listed: list[ToolCall] = []
        named_calls(held, listed)
        known = {part.call_id for part in parts if part.kind == "tool_call" and part.call_id}
        parts += [part for part in _parts_of_traffic(tuple(listed), ()) if part.call_id not in known]
        if not any(part.kind == "tool_call" for part in parts):
            parts = [found for part in parts for found in _unfolded(part)]
    return RoleMessage(role, tuple(parts))


def _unfolded(part: Part) -> list[Part]:
    """A text that is a client's whole message as what it says and asks for; any other part as it is."""
    told = message_in_text(part.text) if part.kind == "text" else None
    if told is None:
        return [part]
    said, calls = text_of(told.get("content")), list[ToolCall]()
    named_calls(told, calls)
    return [*([Part("text", text=said)] if said else []), *_parts_of_traffic(tuple(calls), ())]


def _parts_of_traffic(calls: Sequence[ToolCall], results: Sequence[Any]) -> list[Part]:
    found = [Part("tool_call", name=c.name, call_id=c.call_id, value=_json(c.arguments)) for c in calls]
    return found + [Part("tool_result", name=r.name, call_id=r.call_id, value=_json(r.value)) for r in results]


def _parts(piece: Any) -> list[Part]:
    """One content part in any of its shapes."""
    if isinstance(piece, str):
        return [Part("text", text=piece)] if piece else []
    if not isinstance(piece, dict):
        return [Part("other", value=_json(piece))]
    if isinstance(piece.get("message_content"), dict):  # OpenInference
        piece = piece["message_content"]
    calls, results = call_part(piece)
    if calls or results:
        return _parts_of_traffic(calls, results)
    kind = text_of(piece.get("type"))
    if len(piece) == 1 and kind:  # what it was stands elsewhere in the message
        return []
    if kind in REASONING_TYPES or piece.get("thought") is True:
        return [Part("reasoning", text=_reasoning(piece))]
    if any(word in kind for word in _MEDIA_WORDS) or any(isinstance(piece.get(key), dict) for key in _MEDIA_KEYS):
        return [_media(piece)]
    text = first_of(piece, "text", "content", "value")
    if isinstance(text, dict):  # {"text": {"value": ..}}
        text = text.get("value")
    if isinstance(text, str) and (kind in TEXT_TYPES or not kind):
        return [Part("text", text=text)] if text else []
    if isinstance(text, str):
        return [Part("other", name=kind, text=text)]
    return [Part("other", name=kind, value=_json(piece))]


def _reasoning(piece: Mapping[str, Any]) -> str:
    text = first_of(piece, "content", "text", "thinking", "reasoning", "summary")
    if isinstance(text, list):
        return "\n".join(text_of(item.get("text") if isinstance(item, dict) else item) for item in text)
    return text_of(text)


def _media(piece: Mapping[str, Any]) -> Part:
    """What is told about media, however deep the library puts it; the bytes themselves are only counted."""
    mime, uri, size = "", "", None
    held: Any = piece
    for _ in range(_DEPTH_MAX):
        if not isinstance(held, dict):
            break
        mime = mime or text_of(first_of(held, *_MIME_KEYS))
        uri = uri or text_of(first_of(held, *_URI_KEYS))
        data = first_of(held, *_DATA_KEYS)
        if size is None and isinstance(data, str | bytes):
            size, uri = (len(data) if isinstance(data, bytes) else _decoded_size(data)), uri
        held, outer = first_of(held, *_NESTED_KEYS), held
        if isinstance(held, str) and not uri and held is not outer:
            uri = held
    if uri.startswith(_DATA_URI):
        head, _, data = uri.partition(",")
        mime, uri, size = mime or head[len(_DATA_URI) :].partition(";")[0], "", _decoded_size(data)
    modality = text_of(first_of(piece, "modality", "type"))
    return Part("media", name=modality, mime=mime, uri=uri, size_bytes=size)


def _decoded_size(base64_text: str) -> int:
    return len(base64_text) * 3 // 4 - base64_text[-2:].count("=")


def _json(value: Any) -> Any:
    return json_safe(unwrap(plain(value)))
