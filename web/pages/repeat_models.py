"""What the pane of a tool call says of its previous repeat."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A piece of a line."""

    text: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line that is equal, was taken out, or came in; or a number of equal lines that are left out."""

    kind: str  # same, removed, added, left_out
    parts: tuple[DiffPart, ...]


@dataclass(frozen=True, slots=True)
class ValueDiff:
    """A value against the one before."""

    label: str  # "Arguments"
    said: str  # "the same", "2 lines differ"
    lines: tuple[DiffLine, ...]  # nothing where what is compared is equal
    is_same: bool
    is_cut: bool  # only the beginnings were compared


@dataclass(frozen=True, slots=True)
class RepeatChanges:
    """What changed since the previous call of the same tool."""

    title: str  # "repeat 2", "the previous call of page_down"
    url: str
    values: tuple[ValueDiff, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing that counts changed."""
        return all(value.is_same for value in self.values)
