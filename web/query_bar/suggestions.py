"""What the query bar and the field for steps suggest while somebody types. Asks the newest traces for values."""

import re
from dataclasses import dataclass

from trace_store.lists.call_lists import SUGGESTED, read_call_values
from trace_store.lists.step_language import RESERVED
from trace_store.lists.trace_filter import LIST_COLUMNS, TEXT_COLUMNS, Term
from trace_store.reader import TraceReader
from web.query_bar.language import written
from web.query_bar.vocabulary import CALLS, TRACES, Vocabulary
from web.requests.errors import BadRequest, check_known

SUGGESTED_MAX = 12
TEXT_CHARS_MAX = 2000
_WORD = re.compile(r"(-?)([a-z_]*)$")
_VALUE = re.compile(r'(?:^|\s)(-?)([a-z_]+):(?:(?:"(?:[^"\\]|\\.)*"|[^\s,"]+),)*("?)([^",\s]*|(?<=")[^"]*)$')
_STEP = re.compile(r'(?:"([^"]*)|(\S*))$')
_FIELD_HELP = {
    "service": "name of the service",
    "release": "its version",
    "environment": "deployment environment",
    "user": "id of the user",
    "conversation": "id of the conversation",
    "name": "name of the span, of a trace that of its first one",
    "kind": "client, server, internal, ...",
    "agent": "an agent that ran",
    "tool": "a tool that was called",
    "model": "a model that was called",
    "provider": "who runs the model",
    "dialect": "how the spans are written",
    "failed_tool": "a tool of which a call failed",
    "error": "type of the error",
    "rule": "what found the error",
    "status": "how it went",
    "duration": "duration>3s",
    "tokens": "tokens>=10k",
    "cost": "in dollars: cost>0.05",
    "errors": "failed tool calls",
    "loops": "loops",
    "calls": "tool calls",
    "spans": "spans",
}
_STEP_WORDS = {
    "then": "later in the same run",
    "failed": "the call failed",
    "ok": "the call worked",
    "unanswered": "no result was ever seen",
    "again": "reads well",
    "3 times": "at least so often",
    "exactly 3 times": "so often and no more",
    "within 30s": "so soon after the step before",
    "gave up": "no later call of the tool worked",
    "recovered": "a later call of the tool worked",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that may stand from `start` to the place where somebody types."""

    text: str
    about: str
    start: int


async def suggest_terms(
    reader: TraceReader, project_id: int, typed: str, words: Vocabulary = TRACES
) -> list[Suggestion]:
    """Fields, and the values of the field that was begun, for the text before the cursor."""
    value = _VALUE.search(typed)
    if value and value[2] in words.value_fields:
        start = value.start(4) - len(value[3])
        found = await _values(reader, project_id, value[2], value[4], words)
        return [Suggestion(_written_value(value[2], name), about, start) for name, about in found[:SUGGESTED_MAX]]
    word = _WORD.search(typed)
    if word is None or (word.start() and not typed[word.start() - 1].isspace()):
        return []
    known = [name for name in _FIELD_HELP if name in words.fields]
    fields = [name for name in known if name.startswith(word[2])]
    fields += [name for name in known if word[2] in name and name not in fields]
    return [
        Suggestion(name + (">" if name in words.numbers else ":"), _FIELD_HELP[name], word.start(2))
        for name in fields[: None if not word[2] else SUGGESTED_MAX]
    ]


async def suggest_steps(reader: TraceReader, project_id: int, typed: str) -> list[Suggestion]:
    """Tools where a step begins, and the words that may follow a tool, for the text before the cursor."""
    match = _STEP.search(typed)
    assert match is not None  # it matches the empty text at the end
    begun = match[1] if match[1] is not None else match[2] or ""
    before = typed[: match.start()].split()
    begins_step = not before or before[-1].lower() in ("then", "never")
    found: list[Suggestion] = []
    if begins_step:
        tools = await reader.values(project_id, "tool", begun, SUGGESTED_MAX - 2)
        found += [
            Suggestion(_written_tool(name), f"in {count} of the newest traces", match.start()) for name, count in tools
        ]
        words = {"any": "a call of any tool", "never": "no such call"}
        if before and before[-1].lower() == "then":
            words |= {name: _STEP_WORDS[name] for name in ("gave up", "recovered")}
    else:
        words = {name: about for name, about in _STEP_WORDS.items() if name not in ("gave up", "recovered")}
    return found + [
        Suggestion(name, about, match.start()) for name, about in words.items() if name.startswith(begun.lower())
    ]


async def _values(
    reader: TraceReader, project_id: int, field: str, begun: str, words: Vocabulary
) -> list[tuple[str, str]]:
    if field in words.choices:
        return [(name, "") for name in words.choices[field] if name.startswith(begun)]
    if words is CALLS and field in SUGGESTED:
        async with reader.freely_planned() as connection:
            called = await read_call_values(connection, project_id, field, begun, SUGGESTED_MAX)
        return [(value, f"of {count} of the newest calls") for value, count in called]
    asked = "tool" if field == "failed_tool" else field
    if asked not in TEXT_COLUMNS and asked not in LIST_COLUMNS:
        return []
    found = await reader.values(project_id, asked, begun, SUGGESTED_MAX)
    return [(value, f"in {count} of the newest traces") for value, count in found]


def _written_value(field: str, value: str) -> str:
    return written(Term(field, (value,))).removeprefix(f"{field}:")


def _written_tool(name: str) -> str:
    is_plain = re.fullmatch(r'[^\s"]+', name) and name.lower() not in RESERVED and name.lower() != "any"
    if is_plain:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


async def suggest(
    reader: TraceReader, project_id: int, field: str, typed: str, words: Vocabulary = TRACES
) -> list[Suggestion]:
    """Suggestions for a text of the field `q` or `steps`; BadRequest for another field, or for too long a text."""
    check_known("field", field, ("q", "steps"))
    if len(typed) > TEXT_CHARS_MAX:
        raise BadRequest(f"text has {len(typed):,} characters; at most {TEXT_CHARS_MAX:,} are read.")
    if field == "q":
        return await suggest_terms(reader, project_id, typed.replace("\0", ""), words)
    return await suggest_steps(reader, project_id, typed.replace("\0", ""))


def suggestions_json(found: list[Suggestion]) -> dict[str, list[dict[str, str | int]]]:
    """Suggestions as JSON."""
    return {"suggestions": [{"text": each.text, "about": each.about, "start": each.start} for each in found]}
