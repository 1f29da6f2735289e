"""Messages flattened into attribute keys, as in `llm.input_messages.0.message.role` and `gen_ai.prompt.0.content`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

Parts = Sequence[tuple[tuple[str, ...], str]]  # (path inside the message, attribute key)
Shape = tuple[bool, tuple[tuple[str, Any], ...]]  # is a list; names below it, each with an attribute key or a Shape

_ROLE_PATHS = frozenset({("role",), ("message", "role")})
_UNKNOWN: Any = object()


class FlatMessage:
    """The keys of one message. A layout keeps it for all spans with these keys, and it learns its shape from them."""

    __slots__ = ("_role_key", "_shape", "_was_read", "parts")

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._role_key: str | None = _UNKNOWN
        self._was_read = False
        self._shape: Shape | None = None

    def role(self, attributes: Mapping[str, Any]) -> Any:
        """The role as written; None when the message names none."""
        key = self._role_key
        if key is _UNKNOWN:
            key = self._role_key = next((key for path, key in self.parts if path in _ROLE_PATHS), None)
        return None if key is None else attributes[key]

    def read(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The message, or whatever its keys make. Most are met once: the shape is made when keys are met again."""
        if self._shape is not None:
            return _filled(self._shape, attributes)  # type: ignore[no-any-return]
        if self._was_read:
            self._shape = _shape(self.parts)
        self._was_read = True
        return unflatten([(path, attributes[key]) for path, key in self.parts])


class FlatMessages(Sequence[Any]):
    """The messages behind flattened keys, in the order of their index; each is put together only when it is read.

    A model call repeats its whole history, of which only the end is new.
    """

    __slots__ = ("_attributes", "_messages", "_read", "_role")

    def __init__(self, attributes: Mapping[str, Any], messages: Sequence[FlatMessage], role: str) -> None:
        self._attributes = attributes
        self._role = role  # of a message that names none
        self._messages = messages
        self._read: dict[int, Any] = {}

    def role_at(self, index: int) -> str:
        """The role of a message, without putting it together."""
        role = self._messages[index].role(self._attributes)
        return role if isinstance(role, str) else self._role

    def __len__(self) -> int:
        return len(self._messages)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        message = self._read.get(index)
        if message is None:
            item = self._messages[index].read(self._attributes)
            held = item.get("message", item)  # OpenInference wraps each message, but for AutoGen's results
            if held is not item and len(item) > 1 and isinstance(held, dict):
                held = {**{name: value for name, value in item.items() if name != "message"}, **held}
            message = {"role": self._role, **held} if isinstance(held, dict) else {"role": self._role}
            self._read[index] = message
        return message

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self._messages)))

    def __reversed__(self) -> Iterator[Any]:
        return map(self.__getitem__, reversed(range(len(self._messages))))


def unflatten(pairs: Sequence[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    """Nested objects and lists from paths; an object whose keys are all indexes is a list."""
    root: dict[str, Any] = {}
    for path, value in pairs:
        node = root
        for part in path[:-1]:
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {}
            node = below
        if not isinstance(node.get(path[-1]), dict):
            node[path[-1]] = value
    return {key: _as_list(value) if isinstance(value, dict) else value for key, value in root.items()}


def _as_list(node: dict[str, Any]) -> Any:
    below = {key: _as_list(value) if isinstance(value, dict) else value for key, value in node.items()}
    if below and _are_indexes(below):
        return [below[key] for key in sorted(below, key=int)]
    return below


def _are_indexes(keys: Mapping[str, Any]) -> bool:
    return all(key.isdecimal() and len(key) < 10 for key in keys)


def _shape(parts: Parts) -> Shape | None:
    """What `unflatten` makes of these keys whatever their values; None where one path goes on where another ends."""
    root: dict[str, Any] = {}
    for path, key in parts:
        node = root
        for part in path[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                return None
        if node.setdefault(path[-1], key) is not key:
            return None
    return False, tuple((name, _below(held)) for name, held in root.items())


def _below(held: Any) -> Any:
    if not isinstance(held, dict):
        return held
    is_list = _are_indexes(held)
    names = sorted(held, key=int) if is_list else held
    return is_list, tuple((name, _below(held[name])) for name in names)


def _filled(shape: Shape, attributes: Mapping[str, Any]) -> Any:
    is_list, names = shape
    found: dict[str, Any] = {}
    for name, held in names:
        if held.__class__ is tuple:
            found[name] = _filled(held, attributes)
        else:
            value = attributes[held]
            found[name] = _as_list(value) if isinstance(value, dict) else value
    return list(found.values()) if is_list else found
