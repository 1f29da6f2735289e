"""Fingerprints: equal failures get equal short names, whatever numbers, ids, times, paths and names their text holds.

Deterministic over releases: changing a pattern regroups what is stored, so raise `DETECTOR_VERSION` in
tool_errors/judged.py with it.
"""

import hashlib
import re

from tool_errors.failure.error_text import is_generic, short_type, without_report

NORMALISED_CHARS_MAX = 300
_READ_CHARS_MAX = 2000  # what lies behind is stack or payload
_PASSES_MAX = 8
TELLING_WORDS_MIN = 3  # of a message that needs no class name beside it

# In this order: what is matched first is not looked at again.
_PLACEHOLDERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[a-z][a-z0-9+.\-]{1,15}://[^\s'\"<>)\]}]+", re.IGNORECASE), "<url>"),
    (re.compile(r"\b[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+\b"), "<email>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<address>"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+\-]\d{2}:?\d{2})?)?"), "<time>"),
    (re.compile(r"\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\b"), "<time>"),
    (re.compile(r"\b(?:status(?: code)?|http(?:/\d(?:\.\d)?)?|code|error)[\s:=]{1,3}([45]\d\d)\b", re.IGNORECASE), ""),
    (re.compile(r"'[^'\n]{1,200}'|\"[^\"\n]{1,200}\"|`[^`\n]{1,200}`"), "<value>"),
    (re.compile(r"(?<![\w<])(?:[A-Za-z]:\\|~?/|\.{1,2}/)[\w.\-]+(?:[/\\][\w.\-]+)*[/\\]?"), "<path>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w\-]{6,}\b"), "<id>"),  # letters and digits mixed
    (re.compile(r"[+\-]?\b\d[\d_,]*(?:\.\d+)?(?:[eE][+\-]?\d+)?(?=\b|[a-zA-Z%])"), "<number>"),
)
_PLACEHOLDER = re.compile(r"<\w+>")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ANY_ERROR = re.compile(r"(?:tool|function|base)?[_ ]?(?:error|exception|failure)", re.IGNORECASE)
_KEEP = "\x01{}\x02"
_KEPT = re.compile("\x01(\\w+)\x02")
_LETTERS = "abcdefghij"


def normalise_message(message: str) -> str:
    """The message in lower case with placeholders for all that differs between two equal failures.

    Normalising it again changes nothing. Takes linear time: at most _PASSES_MAX passes over _READ_CHARS_MAX.
    """
    text = _one_pass(message[:_READ_CHARS_MAX])
    for _ in range(_PASSES_MAX):  # a placeholder may bring together what then matches
        again = _one_pass(text)
        if again == text:
            break
        text = again
    return text


def _one_pass(text: str) -> str:
    text = " ".join(text.replace("\x01", " ").replace("\x02", " ").replace("```", " ").split())
    for pattern, placeholder in _PLACEHOLDERS:
        text = pattern.sub(placeholder, text) if placeholder else pattern.sub(_keep_code, text)
    text = _KEPT.sub(lambda match: "".join(str(_LETTERS.index(letter)) for letter in match[1]), text)
    return " ".join(text.lower().split())[:NORMALISED_CHARS_MAX].rstrip()


def _keep_code(match: re.Match[str]) -> str:
    """Hide an HTTP status code from the number pattern: a 404 and a 500 are different failures."""
    letters = "".join(_LETTERS[int(digit)] for digit in match[1])
    return match[0].replace(match[1], _KEEP.format(letters))


def fingerprint(tool: str, error_type: str, message: str) -> str:
    """16 hex digits over tool and normalised message, and over the class name where the message says too little.

    Dialects write the class of one failure in many ways or leave it out (TimeoutError, Error, TOOL_ERROR, nothing), so
    that a message of some words stands for itself.
    """
    message = without_report(message)
    text = normalise_message(message)
    says_enough = len(_WORD.findall(_PLACEHOLDER.sub(" ", text))) >= TELLING_WORDS_MIN and not is_generic(message)
    kind = "" if says_enough else _kind(error_type)
    parts = (tool, kind, text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _kind(error_type: str) -> str:
    """The class name in lower case; "" for one that says no more than that there was an error."""
    kind = short_type(error_type).lower()
    return "" if _ANY_ERROR.fullmatch(kind) else kind
