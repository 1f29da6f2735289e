"""How the definition of a tool changed: its description, and the keys of its arguments. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from trace_store.tool_definitions import ToolDefinitionRow

DEPTH_MAX = 20
KEYS_MAX = 2_000
TEXT_CHARS_MAX = 300
_INNER = frozenset({"properties", "items", "required", "$defs", "definitions", "$schema", "$id"})  # told key by key
_Keys = dict[str, dict[str, str]]  # by path: keyword and what it says


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One difference between two definitions."""

    what: Literal["description", "added", "removed", "changed"]  # of the tool; a key; a key; a keyword of a key
    path: str  # the key, as "stops[].city"; "" for the tool or its arguments as a whole
    keyword: str  # of "changed": type, required, enum, description, maximum ...; else ""
    before: str  # cut after 300 characters, as the next; "" where there is none
    after: str

    @property
    def text(self) -> str:
        """The change in a line."""
        if self.what == "description":
            return "description of the tool changed"
        key = self.path or "arguments"
        if self.what != "changed":
            told = self.after or self.before
            return f"{key} {self.what}" + (f" ({told})" if told else "")
        if self.keyword == "description":
            return f"{key}: description changed"
        return f"{key}: {self.keyword} {self.before or 'not set'} → {self.after or 'not set'}"


@dataclass(frozen=True, slots=True)
class DefinitionStep:
    """A definition within the history of its tool."""

    row: ToolDefinitionRow
    since_release: str  # the first that offered it; "" when none is told
    changes: tuple[DefinitionChange, ...]  # against the definition before; none for the first


def definition_history(newest_first: Sequence[tuple[ToolDefinitionRow, str]]) -> list[DefinitionStep]:
    """Each definition, with the release it came with and what it changed, in the same order."""
    before = [row for row, _ in newest_first[1:]]
    steps = [
        DefinitionStep(row, release, tuple(definition_changes(old, row)))
        for (row, release), old in zip(newest_first, before, strict=False)
    ]
    return steps + [DefinitionStep(row, release, ()) for row, release in newest_first[-1:]]


def definition_changes(before: ToolDefinitionRow, after: ToolDefinitionRow) -> list[DefinitionChange]:
    """What differs, the description first, then keys by path. What one of them does not tell is no difference."""
    changes = []
    if before.description and after.description and before.description != after.description:
        changes.append(DefinitionChange("description", "", "", _short(before.description), _short(after.description)))
    if before.schema is None or after.schema is None:
        return changes
    old, new = _keys(before.schema), _keys(after.schema)
    for path in sorted(old.keys() | new.keys()):
        if path not in new:
            changes.append(DefinitionChange("removed", path, "", _kind(old[path]), ""))
        elif path not in old:
            changes.append(DefinitionChange("added", path, "", "", _kind(new[path])))
        else:
            changes += _changed(path, old[path], new[path])
    return changes


def _changed(path: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[DefinitionChange]:
    for keyword in sorted(old.keys() | new.keys()):
        was, now = old.get(keyword, ""), new.get(keyword, "")
        if was != now:
            yield DefinitionChange("changed", path, keyword, _short(was), _short(now))


def _keys(schema: Mapping[str, Any]) -> _Keys:
    found: _Keys = {}
    _collect(schema, "", found, is_required=False, depth=0)
    return found


def _collect(schema: Any, path: str, found: _Keys, *, is_required: bool, depth: int) -> None:
    if not isinstance(schema, dict) or depth > DEPTH_MAX or len(found) >= KEYS_MAX:
        return
    found[path] = {keyword: _told(value) for keyword, value in schema.items() if keyword not in _INNER}
    if is_required:
        found[path]["required"] = "yes"
    listed = schema.get("required")
    required = {key for key in listed if isinstance(key, str)} if isinstance(listed, list) else set()
    properties = schema.get("properties")
    for key, held in properties.items() if isinstance(properties, dict) else ():
        _collect(held, f"{path}.{key}" if path else key, found, is_required=key in required, depth=depth + 1)
    _collect(schema.get("items"), f"{path}[]", found, is_required=False, depth=depth + 1)
    for name in ("$defs", "definitions"):
        shared = schema.get(name)
        for key, held in shared.items() if isinstance(shared, dict) else ():
            _collect(held, f"{name}.{key}", found, is_required=False, depth=depth + 1)


def _told(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _kind(key: Mapping[str, str]) -> str:
    """What a key is, in a few words."""
    return ", ".join(filter(None, (key.get("type", ""), "required" if "required" in key else "")))


def _short(text: str) -> str:
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - 1] + "…"
