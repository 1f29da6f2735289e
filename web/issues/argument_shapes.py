"""The failing calls of an issue by the shape of their arguments: which keys they gave, lacked or gave wrongly. Pure.

Rows keep the first 400 bytes of arguments; of longer ones the keys up to there are told, and that there are more. What
breaks the schema is what was found when the trace was derived, against the definition that the model had been offered.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import from_json

from tool_errors.findings import SchemaViolation
from tool_errors.schema.schema_violations import telling, violations_read
from tool_errors.schema.schema_words import type_of
from trace_store.lists.issue_rows import FailingCall
from web.trace.trace_url import trace_url

SHAPES_MAX = 12  # that the page shows
KEYS_MAX = 24  # of one shape that are told
KEY_CHARS_MAX = 60
_MAY_GO_ON = "0123456789.…"  # a number, or the mark of a cut, at the end of what was cut

KeyState = Literal["given", "missing", "wrong", "unknown"]


@dataclass(frozen=True, slots=True, order=True)
class ArgumentKey:
    """One key of a shape."""

    key: str  # also inside: "stops[].city" where that is wrong; "" for the arguments as a whole
    given: str  # the type that was given; "" for what is missing
    state: KeyState
    expected: str  # of what is wrong, missing or unknown


@dataclass(frozen=True, slots=True)
class ArgumentShape:
    """Calls whose arguments look alike."""

    keys: tuple[ArgumentKey, ...]
    kind: str  # "" for an object; "no arguments", "text", "array", "unreadable JSON"
    is_cut: bool  # there are more keys
    calls: int
    newest: FailingCall

    @property
    def example_url(self) -> str:
        """The newest of them in its trace."""
        return trace_url(self.newest.trace_id, self.newest.span_id)


@dataclass(frozen=True, slots=True)
class ArgumentShapes:
    """The shapes with most calls."""

    shapes: tuple[ArgumentShape, ...]
    total: int
    calls: int  # that were looked at, the newest of the issue


def argument_shapes(calls: Sequence[FailingCall], status: str, message: str) -> ArgumentShapes:
    """The shapes of calls, the newest first, of an issue whose calls have this status and message."""
    found: dict[tuple[tuple[ArgumentKey, ...], str, bool], list[FailingCall]] = {}
    for call in calls:
        violations = telling(violations_read(call.violations or ()), status, "", message)
        found.setdefault(_shape(call.arguments, violations), []).append(call)
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))
    shapes = [ArgumentShape(*shape, len(of_shape), of_shape[0]) for shape, of_shape in ranked[:SHAPES_MAX]]
    return ArgumentShapes(tuple(shapes), len(found), len(calls))


def shapes_json(found: ArgumentShapes, calls_total: int) -> dict[str, Any]:
    """`{"shapes": [...], "shown", "total", "calls_looked_at", "calls_total"}`."""
    return {
        "shapes": [
            {
                "keys": [
                    {"key": key.key, "given": key.given or None, "state": key.state, "expected": key.expected or None}
                    for key in shape.keys
                ],
                "kind": shape.kind or "object",
                "is_cut": shape.is_cut,
                "calls": shape.calls,
                "example": {
                    "trace_id": shape.newest.trace_id.hex(),
                    "span_id": None if shape.newest.span_id is None else shape.newest.span_id.hex(),
                },
            }
            for shape in found.shapes
        ],
        "shown": len(found.shapes),
        "total": found.total,
        "calls_looked_at": found.calls,
        "calls_total": calls_total,
    }


def _shape(arguments: str, violations: Sequence[SchemaViolation]) -> tuple[tuple[ArgumentKey, ...], str, bool]:
    """The keys, what the arguments are where they are no object, and whether there is more than is told."""
    types, kind, is_cut = read_types(arguments)
    broken = {_broken(each) for each in violations}
    told = {each.key for each in broken}
    given = {ArgumentKey(_short(key), of_type, "given", "") for key, of_type in types.items()}
    keys = sorted(broken | {each for each in given if each.key not in told})
    return tuple(keys[:KEYS_MAX]), kind, is_cut or len(keys) > KEYS_MAX


def _broken(violation: SchemaViolation) -> ArgumentKey:
    """What breaks the schema, without what calls differ in."""
    place = violation.place
    if place.endswith("*"):  # a key that the schema does not name
        place = place[:-1] + violation.path.rpartition(".")[2]
    key = _short(place)
    if violation.rule == "required":
        return ArgumentKey(key, "", "missing", "")
    given = violation.got.partition(" ")[0]
    if violation.rule == "additionalProperties":
        return ArgumentKey(key, given, "unknown", violation.expected)
    return ArgumentKey(key, given, "wrong", _short(violation.expected))


def read_types(text: str) -> tuple[dict[str, str], str, bool]:
    """The type of each key of JSON that may be cut off, what it is where it is no object, and whether it was cut.

    A key whose value is cut before its type is certain is not told: 12 may go on as 12.5.
    """
    text = text.strip()
    if not text:
        return {}, "no arguments", False
    if not text.startswith("{"):
        return {}, "array" if text.startswith("[") else "text", False
    with suppress(ValueError):
        return _types(from_json(text)), "", False
    with suppress(ValueError):
        return _types(from_json(text.rstrip(_MAY_GO_ON), allow_partial="trailing-strings")), "", True
    return {}, "unreadable JSON", False


def _types(arguments: dict[str, Any]) -> dict[str, str]:
    return {key: type_of(value) for key, value in arguments.items()}


def _short(text: str) -> str:
    return text if len(text) <= KEY_CHARS_MAX else text[: KEY_CHARS_MAX - 1] + "…"
