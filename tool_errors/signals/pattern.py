"""What a signal looks for, in time linear to the text: RE2 (https://github.com/google/re2) cannot backtrack."""

from dataclasses import dataclass

import re2

from trace_store.exceptions import RainbarrelError

KINDS = ("keyword", "regex")
SIDES = ("input", "output", "both")
SENTIMENTS = ("negative", "neutral", "positive")
PATTERN_CHARS_MAX = 1000
PROGRAM_BYTES_MAX = 1 << 20  # of memory that a compiled pattern may take
TEXT_CHARS_MAX = 262_144  # of each text, from its beginning
EXCERPT_CHARS = 60  # on either side of a match


class BadSignal(RainbarrelError):
    """This is no signal."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    compiled: "re2._Regexp"

    def excerpt(self, text: str) -> str | None:
        """The first match with its surroundings on one line; None where it does not occur."""
        found = self.compiled.search(text[:TEXT_CHARS_MAX])
        if found is None:
            return None
        start, end = found.span()
        end = min(end, start + 2 * EXCERPT_CHARS)
        before, after = max(0, start - EXCERPT_CHARS), min(len(text), end + EXCERPT_CHARS)
        line = " ".join(text[before:after].split()).replace("\0", "\u2400")
        return f"{'…' if before else ''}{line}{'…' if after < len(text) else ''}"


def compile_pattern(kind: str, pattern: str) -> Pattern:
    """The pattern of a signal, upper and lower case alike; BadSignal says what is wrong with it."""
    if kind not in KINDS:
        raise BadSignal(f"kind={kind} is none of {', '.join(KINDS)}.")
    if not pattern.strip() or len(pattern) > PATTERN_CHARS_MAX:
        raise BadSignal(f"A pattern has 1 to {PATTERN_CHARS_MAX:,} characters; this one has {len(pattern):,}.")
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = PROGRAM_BYTES_MAX
    options.literal = kind == "keyword"
    try:
        compiled = re2.compile(pattern.strip() if kind == "keyword" else pattern, options=options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else error.args[0]
        raise BadSignal(
            f"The pattern cannot be used: {said}. It is one of RE2: no look-around, no back-references."
        ) from None
    if compiled.search("") is not None:
        raise BadSignal("The pattern matches an empty text, and so everything: ask for at least one character.")
    return Pattern(compiled)
