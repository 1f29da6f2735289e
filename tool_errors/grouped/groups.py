"""Disjoint groups of rows that turn out to report the same thing."""

from collections.abc import Iterable


class Groups:
    """Joins row numbers into groups; the result does not depend on the order of the joins."""

    def __init__(self, members: Iterable[int]) -> None:
        self._parent = {member: member for member in members}

    def join(self, one: int, other: int) -> None:
        """Put two members, and all that were joined to them, into one group."""
        first, second = self.find(one), self.find(other)
        self._parent[max(first, second)] = min(first, second)

    def find(self, member: int) -> int:
        """The smallest member of the group: rows stand in display order, so it is the outermost span."""
        root = member
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[member] != root:
            self._parent[member], member = root, self._parent[member]
        return root

    def all(self) -> list[tuple[int, ...]]:
        """The groups, each in ascending order."""
        groups: dict[int, list[int]] = {}
        for member in sorted(self._parent):
            groups.setdefault(self.find(member), []).append(member)
        return [tuple(rows) for rows in groups.values()]
