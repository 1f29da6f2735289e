"""The tables of all dialects merged from one dialect's point of view: where each attribute key leads."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from trace_store.dialects.dialect import Dialect, Kind, Record

KEYS_REMEMBERED_MAX = 8192
PATH_PARTS_MAX = 16  # what lies deeper in a flattened key keeps its dots; real ones have up to 9 parts


class Target(NamedTuple):
    """Where a key leads: a field and how much the key is believed (1 is most), or, with rank 0, no field."""

    field: str  # a Field, or one of: known, unmapped, flat_input, flat_output
    rank: int = 0
    number: int = 0  # of a flattened message
    path: tuple[str, ...] = ()  # inside it


_UNMAPPED: Final = Target("unmapped")
_KNOWN: Final = Target("known")


class Table:
    """Where each attribute key leads, for spans that one dialect claims: its own keys first, then everybody's."""

    def __init__(self, own: Dialect, registry: Sequence[Dialect]) -> None:
        ordered = (own, *(dialect for dialect in registry if dialect is not own))
        self.dialect = own
        self.kinds: dict[str, Mapping[str, Kind]] = {}
        self.name_kinds: dict[str, Kind] = {}
        self.failure_flags: dict[str, frozenset[str]] = {}
        self.records: dict[str, Record] = {}
        self._targets: dict[str, Target] = {}  # grows by the keys that are seen
        ranks: dict[str, int] = {}
        fields = [own.own_fields, *(dialect.fields for dialect in ordered)]
        for field, key in ((field, key) for table in fields for field, keys in table.items() for key in keys):
            rank = ranks[field] = ranks.get(field, 0) + 1
            self._targets.setdefault(key, Target(field, rank))
        for dialect in ordered:
            for key, values in dialect.kinds.items():
                self.kinds[key] = {**values, **self.kinds.get(key, {})}
                self._targets.setdefault(key, _KNOWN)
            for key, kind in dialect.name_kinds.items():
                self.name_kinds.setdefault(key, kind)
            for key, flags in dialect.failure_flags.items():
                self.failure_flags.setdefault(key, flags)
                self._targets.setdefault(key, _KNOWN)
            for name, record in dialect.records.items():
                self.records.setdefault(name, record)
        self._flat_prefixes = [(d.input_prefix, "flat_input") for d in ordered if d.input_prefix]
        self._flat_prefixes += [(d.output_prefix, "flat_output") for d in ordered if d.output_prefix]
        self._known_prefixes = tuple(prefix for dialect in ordered for prefix in dialect.known_prefixes)

    def target(self, key: str) -> Target:
        """Where a key leads; remembered, since the keys of one application are few."""
        found = self._targets.get(key)
        if found is None:
            found = self._find(key)
            if len(self._targets) < KEYS_REMEMBERED_MAX:
                self._targets[key] = found
        return found

    def _find(self, key: str) -> Target:
        for prefix, field in self._flat_prefixes:
            if key.startswith(prefix):
                index, *path = key[len(prefix) :].split(".", PATH_PARTS_MAX)
                if path and index.isdecimal() and len(index) < 10:
                    return Target(field, 0, int(index), tuple(path))
        return _KNOWN if key.startswith(self._known_prefixes) else _UNMAPPED
