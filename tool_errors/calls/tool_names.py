"""Names of tools: one tool may be called by its plain name and by its name with a plugin or server before it."""

import re
from collections.abc import Set

_SEPARATOR = re.compile(r"__|[-./:]")


def same_tool(one: str, other: str) -> bool:
    """Whether two names mean one tool: equal, unknown, or one is the other with a prefix (`server__lookup`)."""
    if one == other or not one or not other:
        return True
    short, long = sorted((one, other), key=len)
    return short in suffixes(long)


def suffixes(name: str) -> list[str]:
    """What is left of a name after each of its separators."""
    return [name[match.end() :] for match in _SEPARATOR.finditer(name) if match.end() < len(name)]


class ToolNames:
    """The names in one trace. A name that only spans use stands for the suffix that messages use, and vice versa."""

    def __init__(self, spans: Set[str], messages: Set[str]) -> None:
        self._keys: dict[str, str] = {}
        for ours, theirs in ((spans, messages), (messages, spans)):
            for name in ours - theirs:
                plain = next((suffix for suffix in suffixes(name) if suffix in theirs), None)
                if plain is not None:
                    self._keys[name] = plain

    def key(self, name: str) -> str:
        """Equal for names of the same tool."""
        return self._keys.get(name, name)

    def are_same(self, one: str, other: str) -> bool:
        """Whether two names mean one tool; an unknown name may be any."""
        return not one or not other or self.key(one) == self.key(other)
