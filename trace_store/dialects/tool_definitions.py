"""Tool definitions: what a model was told it may call, in the shapes of OpenAI, Anthropic, Gemini, Bedrock and others.

A model call repeats the definitions of the call before it: a list is read once and then found by its text.
"""

import hashlib
import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import orjson

from trace_store.attributes import canonical_json, json_safe, parse_text
from trace_store.dialects.dialect import Kind
from trace_store.dialects.history import HISTORIES
from trace_store.dialects.messages import offered_tool
from trace_store.dialects.reading import Reading
from trace_store.dialects.tool_traffic import first_of, text_of
from trace_store.facts import ToolDefinition

CHARS_MAX = 4_000_000  # of all texts that are remembered
_DEPTH_MAX = 4
_LISTS: Final = (  # keys under which an object holds definitions, all of which count
    "tools",
    "function_tools",
    "output_tools",
    "native_tools",
    "builtin_tools",
    "function_declarations",
    "functionDeclarations",
)
_INNER: Final = ("function", "toolSpec", "tool_spec", "tool", "json_schema")  # what a definition may be wrapped in
_SCHEMAS: Final = (
    "parameters",
    "input_schema",
    "inputSchema",
    "parameters_json_schema",
    "parametersJsonSchema",
    "args_schema",
    "schema",
)
_TOLD: Final = frozenset({"description", *_SCHEMAS})
_SCHEMA_WRAPPERS: Final = ("json", "jsonSchema")  # Bedrock's and the AI SDK's, around the schema itself
_TEXTS_ALONE: Final = frozenset({str})
_NAME: Final = re.compile(r"[\w.:/-]{1,256}")


class ReadDefinitions:
    """Definitions by the text they were read from. For one thread; forgets everything when it is full."""

    __slots__ = ("_chars", "_known", "read_count")

    def __init__(self) -> None:
        self._chars = 0
        self._known: dict[Hashable, tuple[ToolDefinition, ...]] = {}
        self.read_count = 0  # lists that were read and not found: for benchmarks and tests

    def read(self, value: Any, separator: str = "") -> tuple[ToolDefinition, ...]:
        """The definitions in a value of any shape; none where it holds none. Never raises for what spans hold.

        `separator` stands between a plugin and the function that is the tool.
        """
        told: str | bytes | tuple[str, ...]
        if isinstance(value, str):
            told = value
        elif isinstance(value, list) and value and value[0].__class__ is str and set(map(type, value)) == _TEXTS_ALONE:
            told = tuple(value)
        else:
            told = _as_sent(value)
        key = (told, separator)
        found = self._known.get(key)
        if found is None:
            size = sum(map(len, told)) if isinstance(told, tuple) else len(told)
            found = tuple({found.digest: found for found in _definitions(value, separator)}.values())
            self._keep(key, size, found)
        return found

    def own(self, name: str, description: str, schema: Any) -> tuple[ToolDefinition, ...]:
        """The definition of one tool, where its span tells the description or the schema."""
        if not isinstance(schema, str):
            return _definition_of(name, description, schema)
        key = (name, description, schema)
        found = self._known.get(key)
        if found is None:
            found = _definition_of(*key)
            self._keep(key, len(name) + len(description) + len(schema), found)
        return found

    def _keep(self, key: Hashable, size: int, found: tuple[ToolDefinition, ...]) -> None:
        self.read_count += 1
        if self._chars + size > CHARS_MAX:
            self._known.clear()
            self._chars = 0
        if size <= CHARS_MAX:
            self._known[key] = found
            self._chars += size


DEFINITIONS: Final = ReadDefinitions()


def _as_sent(value: Any) -> bytes:
    """The JSON of a value with its keys in the order in which a sender repeats them, which is quicker than sorted."""
    try:
        return orjson.dumps(value)
    except (TypeError, ValueError, RecursionError):  # rare, as in `canonical_json`
        return canonical_json(value)


def tool_definitions(reading: Reading, kind: Kind, tool_name: str | None, separator: str) -> tuple[ToolDefinition, ...]:
    """What a step offers its model; of a tool's own span the definition of that tool, where it tells one."""
    fields = reading.fields
    if kind.type == "tool":
        told = "tool_description" in fields or "tool_schema" in fields
        return _own(reading, tool_name) if told else ()
    found: tuple[ToolDefinition, ...] = ()
    value = reading.value("tool_definitions") if "tool_definitions" in fields else None
    if value is not None:
        found = DEFINITIONS.read(value, separator)
    elif reading.layout.flat_tools:
        found = DEFINITIONS.read([message.read(reading.attributes) for message in reading.layout.flat_tools], separator)
    if not found and kind.type == "llm" and not kind.is_aggregate:
        for key in reading.layout.bodies:
            value = reading.attributes[key]
            if value.__class__ is str and value[:1] == "[" and '"parameters"' not in value:
                continue
            if found := _in_body(value, separator):
                return found
    return found


def definition(name: str, description: str, schema: Any) -> ToolDefinition:
    """A definition with the digest of what it says."""
    name, description, schema = json_safe(name), json_safe(description), json_safe(schema)
    digest = hashlib.blake2b(canonical_json([name, description, schema]), digest_size=16).digest()
    return ToolDefinition(digest, name, description, schema)


def _own(reading: Reading, tool_name: str | None) -> tuple[ToolDefinition, ...]:
    schema = reading.value("tool_schema")
    return DEFINITIONS.own(tool_name or "", reading.text("tool_description") or "", schema)


def _definition_of(name: str, description: str, schema: Any) -> tuple[ToolDefinition, ...]:
    if isinstance(schema, str):
        schema = parse_text(schema)
    if not isinstance(schema, dict) or not ("properties" in schema or "$schema" in schema):
        schema = None  # some write the arguments there
    return (definition(name, description, schema),) if name and (description or schema) else ()


def _in_body(value: Any, separator: str) -> tuple[ToolDefinition, ...]:
    """The tools in a request or response as sent."""
    if isinstance(value, str):
        if value[:1] == "[":
            return _among_messages(value, separator)
        if value.lstrip()[:1] != "{" or ('"tools"' not in value and '"functions"' not in value):
            return ()
        value = HISTORIES.parse(value)
    if not isinstance(value, dict):
        return ()
    if isinstance(inner := value.get("kwargs"), dict):
        value = inner
    held = value.get("tools") or value.get("functions")
    return DEFINITIONS.read(held, separator) if isinstance(held, list | dict) else ()


def _among_messages(text: str, separator: str) -> tuple[ToolDefinition, ...]:
    """The tools that stand among the messages of a list."""
    messages = HISTORIES.parse(text)
    if not isinstance(messages, list):
        return ()
    held = [offered for message in messages if (offered := offered_tool(message)) is not None]
    return DEFINITIONS.read(held, separator) if held else ()


def _definitions(value: Any, separator: str, depth: int = 0) -> Iterator[ToolDefinition]:
    if isinstance(value, str):
        parsed = parse_text(value)
        if parsed is not value and depth < _DEPTH_MAX:
            yield from _definitions(parsed, separator, depth + 1)
        elif depth and _NAME.fullmatch(value):  # a list of names alone
            yield definition(value, "", None)
    elif depth > _DEPTH_MAX:
        return
    elif isinstance(value, list):
        for item in value:
            yield from _definitions(item, separator, depth + 1)
    elif isinstance(value, dict):
        yield from _in_object(value, separator, depth)


def _in_object(value: Mapping[str, Any], separator: str, depth: int) -> Iterator[ToolDefinition]:
    """An object of lists of tools, a tool, or an object of tools by name."""
    lists = [held for key in _LISTS if isinstance(held := value.get(key), list)]
    if lists:
        for held in lists:
            yield from _definitions(held, separator, depth + 1)
    elif found := _definition(value, separator):
        yield found
    else:
        for name, held in value.items():
            if isinstance(held, dict) and not _TOLD.isdisjoint(held):
                found = _definition({"name": name, **held}, separator)
                if found:
                    yield found


def _definition(item: Mapping[str, Any], separator: str) -> ToolDefinition | None:
    kind = text_of(item.get("type"))
    for _ in range(_DEPTH_MAX):
        inner = next((held for key in _INNER if (held := _object(item.get(key)))), None)
        if inner is None:
            break
        item = inner
    name = text_of(item.get("name")) or ("" if kind in ("", "function", "object", "custom") else kind)
    if not name:
        return None
    if separator:
        name = name.rpartition(separator)[2] or name
    schema = next((held for key in _SCHEMAS if (held := _object(item.get(key)))), None)
    while schema is not None and len(schema) == 1 and (inner := _object(first_of(schema, *_SCHEMA_WRAPPERS))):
        schema = inner
    return definition(name, text_of(item.get("description")), schema)


def _object(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str) and value[:1] == "{":
        value = parse_text(value)
    return value if isinstance(value, dict) else None
