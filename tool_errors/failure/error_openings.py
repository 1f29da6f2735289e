"""Texts that open as an error does: a class name, `Error:`, a traceback, an exit code, or a form of a known program.

Documents about errors open so as well. They are longer, have headings, go on in paragraphs, or continue as a sentence.
"""

import re
from typing import Any

from tool_errors.failure.error_envelopes import NO_ERROR, TEST_REPORT
from tool_errors.failure.error_phrases import error_phrase
from tool_errors.failure.error_text import take_apart
from tool_errors.failure.error_values import PayloadError

TEXT_CHARS_MAX = 4000  # a longer text that begins like an error is a log or a document
TEXT_LINES_MAX = 40
_PARAGRAPH_WORDS_MIN = 20

_CLASS_PREFIX = re.compile(r"(?:[A-Za-z_]\w*\.)*_?[A-Z]\w*(?:Error|Exception)(?: \[[^\]\n]{1,80}\])?(?::\s+\S|\(['\"])")
_BARE_PREFIX = re.compile(
    r"(?:error|exception|fatal|fatal error|\[error\])\s*:\s*(?P<message>\S.*)", re.IGNORECASE | re.DOTALL
)
_RUN_PREFIX = re.compile(
    r"(?:an )?error (?:occurred )?(?:while |when |during )?(?:execut|runn|invok|call)ing (?:the )?(?:tool|function)\b"
    r"|(?:tool|function) (?:call |execution )?failed\b",
    re.IGNORECASE,
)
_HEADER_LINE = r"[A-Z][a-z]+(?: [a-z]+){0,2}: [^\n]{1,60}\n"  # "Wall time: 0.1 seconds", as Codex begins
_EXIT = re.compile(
    rf"(?:{_HEADER_LINE}){{0,4}}"
    r"(?:Exit code|Process exited with (?:code|status)|Command (?:failed|exited) with (?:exit )?(?:code|status)):? "
    r"(?P<code>\d+)\b(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_EXIT_LAST = re.compile(r"\n(?:Process exited with (?:code|status)|Exit code):? (?P<code>\d+)\s*$", re.IGNORECASE)
_OUTPUT_LABEL = re.compile(rf"\s*(?:{_HEADER_LINE}){{0,4}}(?:(?:Output|Stderr|Stdout):\s*)+", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,4} (?!Result\b|Error\b)", re.MULTILINE)
_SENTENCE = re.compile(r"(?:true|false|none of|none\b)(?! pointer)", re.IGNORECASE)
_CONFIG_LINE = re.compile(r"[a-z_][\w\-]*: \S+")
_ADDRESSES = re.compile(r"\b(?:you|your|please|try|check|see|use|must|should)\b", re.IGNORECASE)


def error_opening(value: Any) -> PayloadError | None:
    """The error that a text opens with."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.startswith("Traceback (most recent call last):"):
        parts = take_apart(text)
        return PayloadError("", parts.type, parts.message)
    if not text or len(text) > TEXT_CHARS_MAX or text.count("\n") > TEXT_LINES_MAX or _HEADING.search(text):
        return None
    if _exited(text):
        return _after_exit(text)
    if _CLASS_PREFIX.match(text) or _RUN_PREFIX.match(text):
        parts = take_apart(text)
        return PayloadError("", parts.type, parts.message)
    bare = _BARE_PREFIX.match(text)
    if bare is not None:
        if _is_statement(bare["message"].strip(), text):
            return None
        parts = take_apart(text)
        return PayloadError("", parts.type, parts.message)
    phrase = error_phrase(text)
    return None if phrase is None else PayloadError("", phrase.type, phrase.message)


def _exited(text: str) -> bool:
    match = _EXIT.match(text) or _EXIT_LAST.search(text)
    if match is None or (code := int(match["code"][:9])) == 0 or TEST_REPORT.search(text) is not None:
        return False
    said = match.groupdict().get("rest")
    return not (code == 1 and said and _OUTPUT_LABEL.fullmatch(said))  # nothing found, as `grep` and `diff` end


def _after_exit(text: str) -> PayloadError:
    first = _EXIT.match(text)
    said = _OUTPUT_LABEL.sub("", first["rest"], count=1) if first else _EXIT_LAST.sub("", text)
    parts = take_apart(said.strip() or text)
    return PayloadError("", parts.type, parts.message)


def _is_statement(message: str, text: str) -> bool:
    """Whether what follows `Error:` is no failure: nothing, a figure, a sentence, a setting, an article."""
    if NO_ERROR.fullmatch(message) or _SENTENCE.match(message):
        return True
    lines = text.splitlines()
    if len(lines) > 1 and all(_CONFIG_LINE.fullmatch(line.strip()) for line in lines):
        return True
    _, gap, paragraph = text.partition("\n\n")
    words = paragraph.split()
    return (
        bool(gap) and len(words) >= _PARAGRAPH_WORDS_MIN and words[-1][-1] == "." and not _ADDRESSES.search(paragraph)
    )
