"""Messages flattened into attribute keys, as in `llm.input_messages.0.message.role` and `gen_ai.prompt.0.content`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

FlatKeys = Mapping[int, Sequence[tuple[tuple[str, ...], str]]]  # index -> (path inside the message, attribute key)

_ROLE_PATHS = frozenset({("role",), ("message", "role")})


class FlatMessages(Sequence[Any]):
    """The messages behind flattened keys, in the order of their index; each is put together only when it is read.

    A model call repeats its whole history, of which only the end is new.
    """

    def __init__(self, attributes: Mapping[str, Any], keys: FlatKeys, role: str) -> None:
        self._attributes = attributes
        self._role = role  # of a message that names none
        self._keys = [keys[index] for index in sorted(keys)]
        self._read: dict[int, Any] = {}

    def role_at(self, index: int) -> str:
        """The role of a message, without putting it together."""
        for path, key in self._keys[index]:
            if path in _ROLE_PATHS:
                role = self._attributes[key]
                return role if isinstance(role, str) else self._role
        return self._role

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        message = self._read.get(index)
        if message is None:
            message = self._read[index] = self._put_together(index)
        return message

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self._keys)))

    def __reversed__(self) -> Iterator[Any]:
        return map(self.__getitem__, reversed(range(len(self._keys))))

    def _put_together(self, index: int) -> dict[str, Any]:
        item = unflatten([(path, self._attributes[key]) for path, key in self._keys[index]])
        message = item.get("message", item)  # OpenInference wraps each message
        return {"role": self._role, **message} if isinstance(message, dict) else {"role": self._role}


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
    if below and all(key.isdecimal() and len(key) < 10 for key in below):
        return [below[key] for key in sorted(below, key=int)]
    return below
