"""Mappings that users write: TOML that says what a dialect says, read into `Dialect`s. docs/dialects.md explains it."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import orjson

from trace_store.dialects.dialect import Dialect, Field, Kind
from trace_store.dialects.registry import UserMappings
from trace_store.exceptions import RainbarrelError
from trace_store.facts import SpanType

MAPPING_BYTES_MAX = 256 * 1024
FIELDS: tuple[str, ...] = get_args(Field)
TYPES: tuple[str, ...] = get_args(SpanType)
ENTRIES = (
    "name",
    "priority",
    "scopes",
    "markers",
    "marker_prefixes",
    "known_prefixes",
    "fields",
    "kinds",
    "failure_flags",
)
PRIORITIES = ("before", "after")


class BadMapping(RainbarrelError):
    """A mapping cannot be read."""


def parse_mappings(sources: Iterable[tuple[str, str]], taken: Iterable[str]) -> UserMappings:
    """The dialects of all sources: pairs of a place (such as a file name) and TOML text.

    `taken` are names that belong to built-in dialects. Raises BadMapping, naming place, entry and what to do.
    """
    seen = dict.fromkeys(taken, "a built-in dialect")
    by_place: dict[str, list[Dialect]] = {"before": [], "after": [], "shared": []}
    read: list[Any] = []
    for place, text in sources:
        for number, entry in enumerate(_entries(place, text), 1):
            dialect = _dialect(f"{place}: dialect {number}", entry)
            if dialect.name in seen:
                raise BadMapping(
                    f"{place}: the name {dialect.name!r} belongs to {seen[dialect.name]}; give this dialect another."
                )
            seen[dialect.name] = f"a dialect of {place}"
            marked = dialect.scopes or dialect.markers or dialect.marker_prefixes
            by_place[entry.get("priority", "before") if marked else "shared"].append(dialect)
            read.append(entry)
    digest = hashlib.sha256(orjson.dumps(read, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12] if read else ""
    return UserMappings(tuple(by_place["before"]), tuple(by_place["after"]), tuple(by_place["shared"]), digest)


def _entries(place: str, text: str) -> list[dict[str, Any]]:
    if len(text.encode("utf-8", "replace")) > MAPPING_BYTES_MAX:
        raise BadMapping(f"{place}: a mapping has at most {MAPPING_BYTES_MAX // 1024} KiB; split it, or map less.")
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadMapping(f"{place}: this is no TOML: {error}.") from None
    for key in found:
        if key != "dialect":
            raise BadMapping(f"{place}: {key!r} is unknown here; each dialect begins with a line [[dialect]].")
    entries = found.get("dialect", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadMapping(f"{place}: write [[dialect]] with two brackets, once for each dialect.")
    return entries


def _dialect(place: str, entry: Mapping[str, Any]) -> Dialect:
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 64:
        raise BadMapping(f'{place} needs a name of at most 64 characters, such as name = "acme".')
    place = f"{place} ({name})"
    for key in entry:
        if key not in ENTRIES:
            raise BadMapping(f"{place}: {key!r} is unknown; a dialect has {', '.join(ENTRIES)}.")
    if entry.get("priority", "before") not in PRIORITIES:
        raise BadMapping(f'{place}: priority is "before" or "after" (the built-in dialects).')
    kinds, name_kinds = _kinds(place, _table(place, entry, "kinds"))
    dialect = Dialect(
        name=name,
        scopes=frozenset(_texts(place, "scopes", entry.get("scopes", []))),
        markers=frozenset(_texts(place, "markers", entry.get("markers", []))),
        marker_prefixes=_texts(place, "marker_prefixes", entry.get("marker_prefixes", [])),
        known_prefixes=_texts(place, "known_prefixes", entry.get("known_prefixes", [])),
        fields=_fields(place, _table(place, entry, "fields")),
        kinds=kinds,
        name_kinds=name_kinds,
        failure_flags={
            key: frozenset(str(value).lower() for value in _list(place, f"failure_flags.{key!r}", values))
            for key, values in _table(place, entry, "failure_flags").items()
        },
    )
    if not (dialect.fields or dialect.kinds or dialect.name_kinds or dialect.failure_flags or dialect.known_prefixes):
        raise BadMapping(f"{place} maps nothing: give it fields, kinds, failure_flags or known_prefixes.")
    return dialect


def _fields(place: str, table: Mapping[str, Any]) -> Mapping[Field, tuple[str, ...]]:
    for field in table:
        if field not in FIELDS:
            raise BadMapping(f"{place}: {field!r} is no field; the fields are {', '.join(FIELDS)}.")
    return {field: _texts(place, f"fields.{field}", keys) for field, keys in table.items()}  # type: ignore[misc]


def _kinds(place: str, table: Mapping[str, Any]) -> tuple[dict[str, Mapping[str, Kind]], dict[str, Kind]]:
    """Kinds by value of a key, and kinds by the mere presence of a key."""
    by_value: dict[str, Mapping[str, Kind]] = {}
    by_name: dict[str, Kind] = {}
    for key, told in table.items():
        if isinstance(told, dict) and "type" not in told:
            by_value[key] = {value.lower(): _kind(f"{place}: kinds.{key!r}", kind) for value, kind in told.items()}
        else:
            by_name[key] = _kind(f"{place}: kinds.{key!r}", told)
    return by_value, by_name


def _kind(place: str, told: Any) -> Kind:
    repeats = False
    if isinstance(told, dict) and told.keys() <= {"type", "repeats"} and isinstance(told.get("repeats", False), bool):
        told, repeats = told.get("type"), told.get("repeats", False)
    if told not in TYPES:
        raise BadMapping(
            f"{place}: {told!r} is no span type; the types are {', '.join(TYPES)}. A span that repeats what spans "
            'below it say is { type = "llm", repeats = true }.'
        )
    return Kind(told, repeats)


def _table(place: str, entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = entry.get(name, {})
    if not isinstance(table, dict):
        raise BadMapping(f"{place}: {name} is a table; write it below a line [dialect.{name}].")
    return table


def _list(place: str, name: str, values: Any) -> list[Any]:
    found: list[Any] = values if isinstance(values, list) else [values]
    if not all(isinstance(value, str | bool) for value in found):
        raise BadMapping(f"{place}: {name} is a text or a list of texts.")
    return found


def _texts(place: str, name: str, values: Any) -> tuple[str, ...]:
    found = _list(place, name, values)
    if not all(isinstance(value, str) and value for value in found):
        raise BadMapping(f"{place}: {name} is a text or a list of texts, none of them empty.")
    return tuple(found)
