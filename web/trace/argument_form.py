"""The arguments of a call as a form after the schema of its tool: each key with what was expected and given. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tool_errors.findings import SchemaViolation
from tool_errors.schema.schema_words import expected_types, named_types, said_value

FIELDS_MAX = 16  # of a schema that is shown as a form


@dataclass(frozen=True, slots=True)
class FormField:
    """One key."""

    key: str
    expected: str  # "string", "one of "c", "f"", "any"
    is_required: bool
    given: str  # in a few words; "" when it was left out
    is_known: bool  # the schema names it
    violations: tuple[SchemaViolation, ...]

    @property
    def is_missing(self) -> bool:
        """Whether the schema requires it and the call left it out."""
        return self.is_required and not self.given


def argument_form(schema: Any, arguments: Any, violations: Sequence[SchemaViolation]) -> tuple[FormField, ...]:
    """The keys of the schema in its order, then those that it does not know; nothing for a large or unknown schema."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not isinstance(arguments, dict):
        return ()
    keys = [*properties, *(key for key in arguments if key not in properties)]
    if not properties or len(keys) > FIELDS_MAX:
        return ()
    listed = schema.get("required")
    required = listed if isinstance(listed, list) else []
    return tuple(
        FormField(
            key=key,
            expected=_expected(properties[key]) if key in properties else "",
            is_required=key in required,
            given=said_value(arguments[key]) if key in arguments else "",
            is_known=key in properties,
            violations=tuple(each for each in violations if _begins_with(each.path, key)),
        )
        for key in keys
    )


def _begins_with(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}["))


def _expected(schema: Any) -> str:
    """What one key takes, in a few words."""
    if not isinstance(schema, Mapping):
        return "any"
    choices = schema.get("enum")
    if isinstance(choices, list) and 0 < len(choices) <= FIELDS_MAX:
        return "one of " + ", ".join(said_value(choice, with_type=False) for choice in choices)
    for keyword in ("anyOf", "oneOf"):
        branches = schema.get(keyword)
        if isinstance(branches, list) and 0 < len(branches) <= FIELDS_MAX:
            return " or ".join(dict.fromkeys(_expected(branch) for branch in branches))
    return expected_types(named_types(schema.get("type"))) or "any"
