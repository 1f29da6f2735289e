"""The tables of all dialects merged from one dialect's point of view: where each attribute key leads."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from trace_store.dialects.dialect import Dialect, Field, Kind, Record
from trace_store.dialects.flattened import FlatMessage

KEYS_REMEMBERED_MAX = 8192
LAYOUTS_REMEMBERED_MAX = 256  # of each dialect
REWRITES_REMEMBERED_MAX = 8  # of each layout
LAYOUT_KEYS_MAX = 96  # spans with more keys hold flattened messages, whose number makes each layout new
PATH_PARTS_MAX = 16  # what lies deeper in a flattened key keeps its dots; real ones have up to 9 parts
# Requests and responses as sent, which may hold definitions of tools; OpenAI's Responses API repeats them.
_BODIES: Final[tuple[Field, ...]] = ("request", "input", "output", "output_messages")
_COUNTS: Final[tuple[Field, ...]] = (  # in the order of `Counts`
    *("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cache_write_tokens"),
    "cache_write_1h_tokens",
)
_NAMES_MORE: Final[frozenset[Field]] = frozenset({"node", "metadata", "interaction_id", "event_name"})
COUNTS_LENGTH: Final = len(_COUNTS)
_PARTS_OF_COUNTS: Final = frozenset(_COUNTS[2:])


class Target(NamedTuple):
    """Where a key leads: a field and how much the key is believed (1 is most), or, with rank 0, no field."""

    field: str  # a Field, or one of: known, unmapped, flat_input, flat_output, flat_tools
    rank: int = 0
    number: int = 0  # of a flattened message
    path: tuple[str, ...] = ()  # inside it


class Layout:
    """Where the keys of one span lead. Spans made by one line of code have the same keys and share it.

    What it says once is not asked of each span again: the fields that can have a value at all stand in `fields`.
    """

    __slots__ = (
        *(
            "fields",
            "flags",
            "flat_input",
            "flat_output",
            "flat_reasons",
            "flat_tools",
            "counts_have_parts",
            "bodies",
            "counts",
            "kinds",
            "names_more",
            "_with",
        ),
        *("may_fail", "name_kind", "table", "unmapped"),
    )

    def __init__(self, table: "Table", attributes: Mapping[str, object]) -> None:
        unmapped: list[str] = []
        found: dict[str, list[tuple[int, str]]] = {}
        flat: dict[str, dict[int, list[tuple[tuple[str, ...], str]]]] = {}
        reasons: list[str] = []
        for key in attributes:
            field, rank, number, path = table.target(key)
            if rank:
                found.setdefault(field, []).append((rank, key))
            elif path:
                flat.setdefault(field, {}).setdefault(number, []).append((path, key))
                if path[-1] == "finish_reason" and field == "flat_output":
                    reasons.append(key)
            elif field == "unmapped":
                unmapped.append(key)
        self.table = table
        self._with: dict[tuple[str, ...], Layout] = {}  # by what a rewrite says
        self.unmapped = tuple(unmapped)
        self.fields = {field: tuple(key for _, key in sorted(ranked)) for field, ranked in found.items()}
        self.bodies = tuple(key for field in _BODIES for key in self.fields.get(field, ()))
        self.counts = tuple(
            (place, field, self.fields[field][0]) for place, field in enumerate(_COUNTS) if field in found
        )
        self.names_more = not _NAMES_MORE.isdisjoint(found)
        self.counts_have_parts = not _PARTS_OF_COUNTS.isdisjoint(found)
        self.flat_input, self.flat_output, self.flat_tools = (
            tuple(FlatMessage(parts) for _, parts in sorted(flat[field].items())) if field in flat else ()
            for field in ("flat_input", "flat_output", "flat_tools")
        )
        self.flat_reasons = tuple(reasons)  # keys that tell why a flattened answer ended
        self.kinds = [(key, values) for key, values in table.kinds.items() if key in attributes]
        self.flags = [(key, values) for key, values in table.failure_flags.items() if key in attributes]
        self.may_fail = bool(self.flags) or "error_type" in found  # whatever the status of the span
        self.name_kind = next((kind for key, kind in table.name_kinds.items() if key in attributes), None)

    def with_keys(self, said: Mapping[str, object], attributes: Mapping[str, object]) -> "Layout":
        """The layout of `attributes`: those of this layout and, after them, what a rewrite says."""
        keys = tuple(said)
        found = self._with.get(keys)
        if found is None:
            if len(self._with) >= REWRITES_REMEMBERED_MAX:
                self._with.clear()
            found = self._with[keys] = self.table.layout(attributes)
        return found


_UNMAPPED: Final = Target("unmapped")
_KNOWN: Final = Target("known")


class Table:
    """Where each attribute key leads, for spans that one dialect claims.

    The keys of `first` are believed most, then its own, then everybody's.
    """

    def __init__(self, own: Dialect, registry: Sequence[Dialect], first: Sequence[Dialect] = ()) -> None:
        ordered = (*first, own, *(dialect for dialect in registry if dialect is not own and dialect not in first))
        self.dialect = own
        self.dialects = ordered
        self.kinds: dict[str, Mapping[str, Kind]] = {}
        self.name_kinds: dict[str, Kind] = {}
        self.failure_flags: dict[str, frozenset[str]] = {}
        self.records: dict[str, tuple[Record, ...]] = {}
        self._targets: dict[str, Target] = {}  # grows by the keys that are seen
        self._layouts: dict[tuple[str, ...], Layout] = {}  # likewise
        ranks: dict[str, int] = {}
        believed = (dialect.fields for dialect in ordered[len(first) :])
        fields = [*(dialect.fields for dialect in first), own.own_fields, *believed]
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
            for name, records in dialect.records.items():
                self.records.setdefault(name, records)
        self._flat_prefixes = [(d.input_prefix, "flat_input") for d in ordered if d.input_prefix]
        self._flat_prefixes += [(d.output_prefix, "flat_output") for d in ordered if d.output_prefix]
        self._flat_prefixes += [(d.tools_prefix, "flat_tools") for d in ordered if d.tools_prefix]
        self._known_prefixes = tuple(prefix for dialect in ordered for prefix in dialect.known_prefixes)

    def layout(self, attributes: Mapping[str, object]) -> Layout:
        """Where the keys of a span lead; remembered for spans with the same keys."""
        if len(attributes) > LAYOUT_KEYS_MAX:
            return Layout(self, attributes)
        keys = tuple(attributes)
        found = self._layouts.get(keys)
        if found is None:
            if len(self._layouts) >= LAYOUTS_REMEMBERED_MAX:
                self._layouts.clear()
            found = self._layouts[keys] = Layout(self, attributes)
        return found

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
