"""Arguments against the schema of the tool that was offered, and which of what is found is worth telling.

A model asks for a call in the same span that says what it was offered, and the span of a tool may say how the tool is
defined. Either is judged while its payloads are at hand, so that order and lateness cannot matter. Where only the span
of the agent says it, its row keeps the schemas, and calls are judged by the arguments that their rows hold.
"""

import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from tool_errors.bounded_facts import text_preview
from tool_errors.failure.purpose import complains
from tool_errors.findings import FAILED, SchemaViolation
from tool_errors.schema.json_schema import schema_violations
from trace_store.attributes import canonical_json
from trace_store.facts import TOOL_DEFINITIONS_MAX, Payload, SpanFacts, ToolDefinition

VIOLATIONS_MAX = 5  # of one call that are kept
SCHEMAS_BYTES_MAX = 32_768  # of all tools of an agent's span that its row keeps
# what was taken out on the way to us says nothing of what the model wrote
_TAKEN_OUT = re.compile(r'string "\W{0,2}(?:redacted|filtered|masked|removed|scrubbed|truncated|\*{3,})', re.IGNORECASE)


def request_violations(facts: SpanFacts) -> tuple[tuple[SchemaViolation, ...], ...]:
    """Of each call that a span asks for what breaks the schema it offers; nothing at all when no call does."""
    if not facts.requested_calls or not facts.tool_definitions:
        return ()
    offered: dict[str, ToolDefinition | None] = {}
    for each in facts.tool_definitions:
        offered[each.name] = None if each.name in offered else each  # two tools of one name: nobody knows which
    found = tuple(violations_of(offered.get(call.name), call.arguments) for call in facts.requested_calls)
    return found if any(found) else ()


def own_violations(facts: SpanFacts) -> tuple[SchemaViolation, ...]:
    """What breaks the schema that the span of a tool says itself."""
    return violations_of(facts.tool_definitions[0], facts.arguments) if facts.tool_definitions else ()


def offered_schemas(facts: SpanFacts) -> dict[str, Any] | None:
    """The schemas by tool that an agent's span tells, for the model calls below it that tell none.

    Those of two tools of one name are left out, and what is beyond SCHEMAS_BYTES_MAX. None without any.
    """
    if facts.type in ("llm", "tool"):
        return None
    found: dict[str, Any] = {}
    twice = {name for name, times in Counter(each.name for each in facts.tool_definitions).items() if times > 1}
    size = 0
    for each in facts.tool_definitions[:TOOL_DEFINITIONS_MAX]:
        if isinstance(each.schema, dict) and each.name not in twice:
            size += len(canonical_json(each.schema))
            if size > SCHEMAS_BYTES_MAX:
                break
            found[each.name] = each.schema
    return found or None


def violations_below(schema: Any, arguments: Payload | None) -> tuple[SchemaViolation, ...]:
    """What breaks a schema that a span above tells, judged by what a row holds of the arguments: whole ones alone."""
    if arguments is None or not isinstance(schema, dict):
        return ()
    try:
        value = orjson.loads(arguments.preview)
    except ValueError:  # a text, or cut off
        return ()
    return violations_of(ToolDefinition(b"", schema=schema), Payload(arguments.digest, arguments.preview, value))


def violations_of(definition: ToolDefinition | None, arguments: Payload | None) -> tuple[SchemaViolation, ...]:
    """The first VIOLATIONS_MAX, those that no tool takes before the others, the nearest to the root first.

    Arguments that are no object are not judged: they may be cut off, or not told.
    """
    if definition is None or not isinstance(definition.schema, dict):
        return ()
    if arguments is None or not isinstance(arguments.value, dict):
        return ()
    found = [each for each in schema_violations(definition.schema, arguments.value) if not _TAKEN_OUT.match(each.got)]
    found.sort(key=lambda each: (each.is_tolerable, each.path.count(".") + each.path.count("["), each.path, each.rule))
    return tuple(_bounded(each) for each in found[:VIOLATIONS_MAX])


def telling(
    violations: Sequence[SchemaViolation], status: str, error_type: str, message: str
) -> tuple[SchemaViolation, ...]:
    """Those that may be why a call failed, or that count although it worked.

    What most tools take is told only of a failure that complains of its arguments.
    """
    if status in FAILED and complains(error_type, message):
        return tuple(violations)
    return tuple(each for each in violations if not each.is_tolerable)


def violation_fingerprint(tool: str, violation: SchemaViolation) -> str:
    """What groups the calls that break the schema of a tool in the same way, whatever their values."""
    expected = violation.expected if violation.rule == "type" else ""
    parts = ("schema_violation", tool, violation.place, violation.rule, expected)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def violation_text(violation: SchemaViolation) -> str:
    """A violation in a line: "city: expected string, got integer 7"."""
    at = f"{violation.path}: " if violation.path else ""
    return f"{at}expected {violation.expected}, got {violation.got}"


def violation_title(violation: SchemaViolation) -> str:
    """What the calls of one issue have in common: "The arguments break the schema at city: expected string"."""
    at = f" at {violation.place}" if violation.place else ""
    return f"The arguments break the schema{at}: expected {violation.expected}"


def violations_json(violations: Sequence[SchemaViolation]) -> list[list[Any]]:
    """Violations as rows hold them."""
    return [list(dataclasses.astuple(each)) for each in violations]


def violations_read(held: Sequence[Sequence[Any]]) -> tuple[SchemaViolation, ...]:
    """Violations that `violations_json` made."""
    return tuple(SchemaViolation(*each) for each in held)


def _bounded(found: SchemaViolation) -> SchemaViolation:
    texts = (found.path, found.expected, found.got, found.rule, found.place)
    path, expected, got, rule, place = (text_preview(text) for text in texts)
    return SchemaViolation(path, expected, got, rule, place, found.is_tolerable)
