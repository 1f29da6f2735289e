"""What a tool call is after, so that a later call can be told to have made it good.

Works on previews and digests alone, as all that derive decides: stored calls compare like fresh ones.
"""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from tool_errors.findings import ToolCall, Verdict
from tool_errors.loop.call_signature import is_cut, near_key, words

ALIKE_SHARE_MIN = 0.6  # of the words of two texts that both have
TYPO_LETTERS_MIN = 5  # of a single word that may be misspelt
_TYPO_LENGTHS_MAX = 2
_WORDS_MAX = 60  # of one argument; a preview holds no more than a few of them

# Names of arguments that say what a call is about, the surest first; the last word of a name counts.
_KEY_NAMES = (
    frozenset({"id", "uuid", "key", "number", "sku", "isbn", "ticker", "symbol"}),
    frozenset({"path", "file", "filename", "filepath", "url", "uri", "link", "href"}),
    frozenset({"query", "q", "question", "search", "term", "text", "sql", "command", "cmd", "code", "expression"}),
    frozenset({"name", "title", "subject", "email", "to", "recipient", "user", "customer", "product"}),
    frozenset({"city", "location", "place", "address", "destination", "country", "region"}),
)
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_OF_ARGUMENTS = re.compile(
    r"\b(?:invalid|validation|malformed|must (?:be|have|match)|missing|required|requires|expected|unexpected|"
    r"unsupported|unrecogni[sz]ed|not a valid|is not valid|bad (?:request|argument|parameter|input|format)|"
    r"wrong (?:type|format)|type ?error|parse|schema|syntax)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What one call is after."""

    digest: bytes | None  # None: the arguments are unknown
    near: str
    key: str  # name of the argument that says what it is about; "" when none does
    words: frozenset[str]  # of that argument, else each argument with its value


def purpose_of(call: ToolCall) -> Purpose:
    """The purpose of a call."""
    if call.arguments is None:
        return Purpose(None, "", "", frozenset())
    near = near_key(call)
    if is_cut(call.arguments):
        return Purpose(call.arguments.digest, near, "", _words(call.arguments.preview))
    key, value = _key_argument(_value(call.arguments.preview))
    return Purpose(call.arguments.digest, near, key, _words(value) if key else frozenset(near.split("\x1f")))


def same_purpose(one: Purpose, other: Purpose) -> bool:
    """Whether two calls of one tool are after the same: arguments equal or nearly so, or the same key argument.

    Unknown arguments say nothing against it.
    """
    if one.digest is None or other.digest is None or one.digest == other.digest or one.near == other.near:
        return True
    if one.key != other.key:
        return False
    return _alike(one.words, other.words)


def complains_of_arguments(verdict: Verdict) -> bool:
    """Whether a failure says that the arguments were wrong: what comes next is then their correction."""
    return complains(verdict.error_type, verdict.message)


def complains(error_type: str, message: str) -> bool:
    """Whether an error says that arguments were wrong."""
    return _OF_ARGUMENTS.search(f"{error_type} {message[:500]}".replace("_", " ")) is not None


def _key_argument(value: Any) -> tuple[str, str]:
    """Name and text of the argument that says what a call is about; a call with one text is about that."""
    if isinstance(value, str):
        return "$", value
    if not isinstance(value, dict):
        return "", ""
    plain = {key: str(held) for key, held in value.items() if type(held) in (str, int)}
    ranked = sorted((rank, key) for key in plain if (rank := _rank(key)) is not None)
    if ranked:
        return ranked[0][1], plain[ranked[0][1]]
    texts = [key for key, held in value.items() if isinstance(held, str)]
    return (texts[0], plain[texts[0]]) if len(texts) == 1 else ("", "")


def _rank(key: str) -> int | None:
    parts = _NAME_WORD.findall(key)
    last = parts[-1].lower() if parts else ""
    return next((rank for rank, known in enumerate(_KEY_NAMES) if last in known), None)


def _value(preview: str) -> Any:
    try:
        return orjson.loads(preview)
    except ValueError:
        return preview


def _words(text: str) -> frozenset[str]:
    return frozenset([word for word in words(text.casefold()) if word[0].isalnum()][:_WORDS_MAX])


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    both = len(one & other)
    if both >= ALIKE_SHARE_MIN * len(one | other):
        return both > 0
    return len(one) == len(other) and len(one - other) == 1 and _is_typo(*(one - other), *(other - one))


def _is_typo(one: str, other: str) -> bool:
    """Whether two words differ in one place alone: what both begin and end with is nearly all of them."""
    if min(len(one), len(other)) < TYPO_LETTERS_MIN or not (one.isalpha() and other.isalpha()):
        return False
    if abs(len(one) - len(other)) > _TYPO_LENGTHS_MAX:
        return False
    shorter = min(len(one), len(other))
    begin = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    end = next((at for at in range(shorter - begin) if one[-1 - at] != other[-1 - at]), shorter - begin)
    return max(len(one), len(other)) - begin - end <= _TYPO_LENGTHS_MAX
