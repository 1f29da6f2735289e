"""What lists show of a trace without opening it: the strip of steps, and the text that the list's filter looks at."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from tool_errors.findings import LlmCall, Loop, ToolCall
from trace_store.attributes import preview
from trace_store.facts import CallStatus

STEPS_MAX = 200
SEARCH_TEXT_BYTES_MAX = 4000

# L an LLM call, X one that failed; of tool calls: T ok, E error, S soft error, U unanswered, P pending; in lower case
# those of a loop.
_LETTERS: dict[CallStatus, str] = {"ok": "T", "error": "E", "soft_error": "S", "unanswered": "U", "pending": "P"}


def keys_in_loops(loops: Iterable[Loop]) -> Mapping[bytes, set[str]]:
    """The keys of the calls that belong to loops, by trace; a trace without any has an empty set."""
    found: dict[bytes, set[str]] = defaultdict(set)
    for loop in loops:
        for call in loop.calls:
            found[call.trace_id].add(call.call_key)
    return found


def steps(llm_calls: Sequence[LlmCall], tool_calls: Sequence[ToolCall], looped: Collection[str] = frozenset()) -> str:
    """One letter per step in order of time; after STEPS_MAX letters a "+" says that there are more.

    `looped` are the keys of the calls that belong to loops.
    """
    strip = [
        (call.start_unix_nano, 0, index, "L" if call.error_message is None else "X")
        for index, call in enumerate(llm_calls)
    ]
    for index, call in enumerate(tool_calls):
        letter = _LETTERS[call.verdict.status]
        strip.append((call.start_unix_nano, 1, index, letter.lower() if call.call_key in looped else letter))
    strip.sort()
    letters = "".join(letter for *_, letter in strip[: STEPS_MAX + 1])
    return letters if len(letters) <= STEPS_MAX else letters[:STEPS_MAX] + "+"


def search_text(parts: Iterable[str | None]) -> str:
    """The distinct parts in lower case, one a line, at most SEARCH_TEXT_BYTES_MAX bytes."""
    distinct = dict.fromkeys(part for part in parts if part)
    return preview("\n".join(distinct).lower(), SEARCH_TEXT_BYTES_MAX)
