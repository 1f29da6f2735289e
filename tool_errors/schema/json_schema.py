"""Where a JSON value breaks a JSON schema (https://json-schema.org/draft/2020-12), for schemas that anybody sends.

Never raises, fetches or hangs: every step counts against a limit, patterns are RE2's, references stay inside the
schema, and a keyword that is malformed or not known here is passed over (`not`, `if`, `format`, `uniqueItems`,
`patternProperties` ...). Reads what older drafts, OpenAPI and Gemini write as well: types in capitals, `nullable`,
`items` as a list, a boolean `exclusiveMinimum`.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import re2

from tool_errors.findings import SchemaViolation
from tool_errors.schema.schema_words import expected_types, named_types, said_value, type_of

STEPS_MAX = 20_000  # of one value against one schema: some 20 ms
DEPTH_MAX = 40
PATTERN_CHARS_MAX = 1_000
PATTERN_BYTES_MAX = 1 << 20  # of a compiled pattern
MATCHED_CHARS_MAX = 10_000
_RANGES: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "minimum": (lambda value, limit: value >= limit, "at least {}"),
    "maximum": (lambda value, limit: value <= limit, "at most {}"),
    "exclusiveMinimum": (lambda value, limit: value > limit, "more than {}"),
    "exclusiveMaximum": (lambda value, limit: value < limit, "less than {}"),
}
_SIZES: Mapping[str, tuple[str, bool, type[str] | type[list[Any]]]] = {
    "minLength": ("at least {} characters", True, str),
    "maxLength": ("at most {} characters", False, str),
    "minItems": ("at least {} items", True, list),
    "maxItems": ("at most {} items", False, list),
}


class TooMuchWork(Exception):
    """The schema and the value together are more than is looked at."""


def schema_violations(schema: Any, value: Any) -> list[SchemaViolation]:
    """Every place at which a value breaks a schema, in the order of the schema; none when that is too much work."""
    try:
        return list(_Walk(schema).violations(schema, value, "", "", 0))
    except TooMuchWork:
        return []


class _Walk:
    """One value on its way through one schema."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._steps_left = STEPS_MAX

    def violations(self, schema: Any, value: Any, path: str, place: str, depth: int) -> Iterator[SchemaViolation]:
        """What breaks this part of the schema; `path` is in the value, `place` in the schema."""
        self._spend(1)
        if depth > DEPTH_MAX:
            raise TooMuchWork
        if schema is False:
            yield SchemaViolation(path, "nothing here", said_value(value), "false", place, False)
        if not isinstance(schema, dict) or (value is None and schema.get("nullable") is True):
            return
        if isinstance(reference := schema.get("$ref"), str):
            yield from self.violations(self._target(reference), value, path, place, depth + 1)
        found = self._own(schema, value)
        if found is not None:
            rule, expected, is_tolerable = found
            yield SchemaViolation(path, expected, said_value(value), rule, place, is_tolerable)
        elif isinstance(value, dict):
            yield from self._of_object(schema, value, path, place, depth)
        elif isinstance(value, list):
            yield from self._of_array(schema, value, path, place, depth)
        for each in _schemas(schema.get("allOf")):
            yield from self.violations(each, value, path, place, depth + 1)
        for keyword in ("anyOf", "oneOf"):  # schemas of tools mean "any" by both
            if found is None and (branches := _schemas(schema.get(keyword))):
                yield from self._of_branches(keyword, branches, value, path, place, depth)

    def _own(self, schema: Mapping[str, Any], value: Any) -> tuple[str, str, bool] | None:
        """What of the value itself is wrong, not of what it holds: keyword, expectation, whether tools take it."""
        types = named_types(schema.get("type"))
        if types and not _is_of(types, value):
            return "type", expected_types(types), _is_coercible(types, value)
        choices = schema.get("enum")
        if "const" in schema:
            choices = [schema["const"]]
        if isinstance(choices, list) and choices:
            self._spend(len(choices))
            if not any(_same(value, choice) for choice in choices):
                told = ", ".join(said_value(choice, with_type=False) for choice in choices[:20])
                expected = told if len(choices) == 1 else f"one of {told}" + (" …" if len(choices) > 20 else "")
                return "enum", expected, any(_same_text(value, choice) for choice in choices)
        return _range(schema, value) or _size(schema, value) or _pattern(schema, value)

    def _of_object(
        self, schema: Mapping[str, Any], value: Mapping[str, Any], path: str, place: str, depth: int
    ) -> Iterator[SchemaViolation]:
        known = schema.get("properties")
        properties: Mapping[str, Any] = known if isinstance(known, dict) else {}
        listed = schema.get("required")
        required = [key for key in listed if isinstance(key, str)] if isinstance(listed, list) else []
        self._spend(len(value) + len(required))
        for key in dict.fromkeys(required):
            if key not in value:
                may_lack = self._may_lack(properties.get(key), depth)
                yield SchemaViolation(_at(path, key), "a value", "nothing", "required", _at(place, key), may_lack)
        names = set(required)
        for key, held in value.items():
            if key in properties:
                is_empty = key not in names and (held is None or held in ("", [], {}))
                for found in self.violations(properties[key], held, _at(path, key), _at(place, key), depth + 1):
                    yield _tolerated(found) if is_empty and found.path == _at(path, key) else found
            elif "patternProperties" not in schema:
                more = schema.get("additionalProperties")
                if more is False:
                    at = _at(place, "*")
                    yield SchemaViolation(
                        _at(path, key), "no such key", said_value(held), "additionalProperties", at, True
                    )
                elif isinstance(more, dict):
                    yield from self.violations(more, held, _at(path, key), _at(place, "*"), depth + 1)

    def _of_array(
        self, schema: Mapping[str, Any], value: Sequence[Any], path: str, place: str, depth: int
    ) -> Iterator[SchemaViolation]:
        items: Any = schema.get("items")
        first = _schemas(schema.get("prefixItems"))
        if isinstance(items, list):  # as before draft 2020-12
            items, first = schema.get("additionalItems"), items
        for index, held in enumerate(value):
            of_item = first[index] if index < len(first) else items
            if of_item is not None:
                yield from self.violations(of_item, held, f"{path}[{index}]", f"{place}[]", depth + 1)

    def _of_branches(
        self, keyword: str, branches: Sequence[Any], value: Any, path: str, place: str, depth: int
    ) -> Iterator[SchemaViolation]:
        """Nothing when one branch fits; else what breaks the branch that it comes nearest to."""
        of_branches = []
        for branch in branches:
            found = list(self.violations(branch, value, path, place, depth + 1))
            if not found:
                return
            of_branches.append(found)
        tolerable = [found for found in of_branches if all(each.is_tolerable for each in found)]
        inside = [found for found in of_branches if any(each.path != path for each in found)]
        nearest = tolerable or inside
        if len(nearest) == 1 or tolerable:
            yield from nearest[0]
            return
        expected = " or ".join(dict.fromkeys(each.expected for found in of_branches for each in found[:1]))
        yield SchemaViolation(path, expected, said_value(value), keyword, place, False)

    def _may_lack(self, schema: Any, depth: int) -> bool:
        """Whether a required key says itself that it need not be there: it has a default, or may be null."""
        if not isinstance(schema, dict):
            return False
        return "default" in schema or (
            bool(schema) and not any(self.violations(schema, None, "", "", depth + 1)) and not _takes_all(schema)
        )

    def _target(self, reference: str) -> Any:
        """What a reference points to inside the schema; true, which takes everything, for any other."""
        target = self._root
        if reference[:1] != "#" or reference[1:2] not in ("", "/"):
            return True
        for part in reference[2:].split("/") if len(reference) > 1 else ():
            self._spend(1)
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict) and key in target:
                target = target[key]
            elif isinstance(target, list) and key.isdecimal() and int(key[:9]) < len(target):
                target = target[int(key[:9])]
            else:
                return True
        return target

    def _spend(self, steps: int) -> None:
        self._steps_left -= steps
        if self._steps_left < 0:
            raise TooMuchWork


def _schemas(value: Any) -> list[Any]:
    return [each for each in value if isinstance(each, dict | bool)] if isinstance(value, list) else []


def _takes_all(schema: Mapping[str, Any]) -> bool:
    """Whether a schema says nothing of the type, so that it takes null without meaning to."""
    return schema.keys().isdisjoint(("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "nullable"))


def _is_of(types: Sequence[str], value: Any) -> bool:
    found = type_of(value)
    if found in types:
        return True
    if "number" in types and found == "integer":
        return True
    return "integer" in types and found == "number" and math.isfinite(value) and float(value).is_integer()


def _is_coercible(types: Sequence[str], value: Any) -> bool:
    """Whether most tools take this value for one of these types: "5" for 5, a text with JSON for what it holds."""
    if isinstance(value, bool | int | float):
        return "string" in types or ("boolean" in types and value in (0, 1))
    if not isinstance(value, str):
        return False
    try:
        read = orjson.loads(value[:MATCHED_CHARS_MAX].strip().lower())
    except ValueError:
        return False
    return type_of(read) != "string" and _is_of(types, read)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is 1.0, and not true."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _same_text(one: Any, other: Any) -> bool:
    return isinstance(one, str | int | float) and str(one).strip().casefold() == str(other).strip().casefold()


def _number(value: Any) -> float | None:
    """A value that is a finite number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _range(schema: Mapping[str, Any], value: Any) -> tuple[str, str, bool] | None:
    number = _number(value)
    for keyword, (holds, expected) in _RANGES.items() if number is not None else ():
        told = schema.get(keyword)
        if told is True and keyword.startswith("exclusive"):  # drafts before 6
            told = schema.get("minimum" if keyword == "exclusiveMinimum" else "maximum")
        limit = _number(told)
        if number is not None and limit is not None and not holds(number, limit):
            return keyword, expected.format(limit), False
    return None


def _size(schema: Mapping[str, Any], value: Any) -> tuple[str, str, bool] | None:
    for keyword, (expected, is_minimum, of_type) in _SIZES.items():
        limit = _number(schema.get(keyword))
        if limit is not None and isinstance(value, of_type):
            size = len(value)
            if size < limit if is_minimum else size > limit:
                return keyword, expected.format(limit), False
    return None


def _pattern(schema: Mapping[str, Any], value: Any) -> tuple[str, str, bool] | None:
    pattern = schema.get("pattern")
    if not isinstance(value, str) or not isinstance(pattern, str) or len(value) > MATCHED_CHARS_MAX:
        return None
    compiled: Any = _compiled(pattern) if len(pattern) <= PATTERN_CHARS_MAX else None
    if compiled is None or compiled.search(value) is not None:
        return None
    return "pattern", f"a text that matches {pattern}", False


@lru_cache(maxsize=500)
def _compiled(pattern: str) -> Any:
    """The pattern; None where RE2 does not know it, as it does no look-around."""
    options: Any = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_BYTES_MAX
    try:
        return re2.compile(pattern.encode("utf-8", "replace").decode(), options=options)
    except re2.error:
        return None


def _tolerated(found: SchemaViolation) -> SchemaViolation:
    return SchemaViolation(found.path, found.expected, found.got, found.rule, found.place, True)


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
