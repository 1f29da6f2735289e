"""The step language: what happened in a run, as a line. `search_docs failed then search_docs again then gave up`.

    query    = step { "then" step }
    step     = [ "never" ] tool [ state ] [ "again" ] [ count ] [ "within" duration ]  |  "gave up"  |  "recovered"
    tool     = a name, a name in double quotes, or "any"
    state    = "failed" | "ok" | "unanswered" | "pending"
    count    = [ "exactly" ] N "times"                 (at least N without "exactly")
    duration = a number and s, m, h or d: since the step before

A step is a tool call after that of the step before, with any others between them. `gave up` is "never <the same tool>
ok", `recovered` is "<the same tool> ok". docs/step_language.md has examples.
"""

import re
from dataclasses import dataclass
from typing import Literal

from trace_store.exceptions import RainbarrelError

State = Literal["", "failed", "ok", "unanswered", "pending"]
STATES: tuple[State, ...] = ("failed", "ok", "unanswered", "pending")
STATUSES: dict[str, tuple[str, ...]] = {
    "failed": ("error", "soft_error", "unanswered"),
    "ok": ("ok",),
    "unanswered": ("unanswered",),
    "pending": ("pending",),
}
STEPS_MAX = 12
TIMES_MAX = 10_000
TEXT_CHARS_MAX = 2000
ANY = "any"
_UNITS_NS = {"s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])")
RESERVED = {"then", "again", "within", "exactly", "times", "never", "gave", "up", "recovered", *STATES}


class BadSteps(RainbarrelError):
    """The text is no line of the step language."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    tool: str  # "" for any
    state: State = ""
    is_absent: bool = False  # no such call follows
    times: int = 1
    is_exact: bool = False
    within_ns: int | None = None  # of the step before


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    quoted: bool

    def is_word(self, *words: str) -> bool:
        return not self.quoted and self.text.lower() in words


def read_steps(text: str) -> tuple[Step, ...]:
    """The steps of a line; BadSteps says which word does not fit and what may stand there."""
    if len(text) > TEXT_CHARS_MAX:
        raise BadSteps(f"The steps have {len(text):,} characters; at most {TEXT_CHARS_MAX:,} are read.")
    words = [_Word(plain or re.sub(r"\\(.)", r"\1", quoted), not plain) for quoted, plain in _WORDS.findall(text)]
    if not words:
        raise BadSteps("No step is given: write the name of a tool, such as search_docs failed then gave up.")
    parts: list[list[_Word]] = [[]]
    for word in words:
        if word.is_word("then"):
            parts.append([])
        else:
            parts[-1].append(word)
    if len(parts) > STEPS_MAX:
        raise BadSteps(f"There are {len(parts)} steps; at most {STEPS_MAX} are possible.")
    steps: list[Step] = []
    for number, part in enumerate(parts, 1):
        steps.append(_read_step(part, number, steps[-1] if steps else None))
    return tuple(steps)


def _read_step(words: list[_Word], number: int, before: Step | None) -> Step:
    reader = _StepReader(words, number, before)
    if reader.ends_run():
        return reader.end_of_run()
    return reader.step()


class _StepReader:
    """Reads the words of one step from left to right."""

    def __init__(self, words: list[_Word], number: int, before: Step | None) -> None:
        self._words, self._number, self._before = words, number, before

    def ends_run(self) -> bool:
        """Whether the step is `gave up` or `recovered`."""
        return bool(self._words) and (self._words[0].is_word("gave", "recovered"))

    def end_of_run(self) -> Step:
        """`gave up` or `recovered`, about the tool of the step before."""
        gave_up = self._take().is_word("gave")
        if gave_up and not (self._words and self._take().is_word("up")):
            raise self._fault('after "gave" comes "up"')
        if self._before is None:
            raise self._fault('"gave up" and "recovered" follow a step: search_docs failed then gave up')
        within_ns = self._within()
        self._expect_end()
        return Step(self._before.tool, "ok", is_absent=gave_up, within_ns=within_ns)

    def step(self) -> Step:
        """A tool with its state, count and time."""
        is_absent = self._accept("never")
        tool = self._tool()
        state = self._state()
        self._accept("again")
        times, is_exact = self._count()
        if is_absent and times > 1:
            raise self._fault('"never" takes no count')
        step = Step(tool, state, is_absent, times, is_exact, self._within())
        self._expect_end()
        return step

    def _tool(self) -> str:
        if not self._words:
            raise self._fault('the name of a tool is missing; "any" stands for every tool')
        word = self._take()
        if not word.quoted and word.text.lower() in RESERVED:
            raise self._fault(
                f'"{word.text}" stands where a tool is named; put it in double quotes if a tool is called so'
            )
        return "" if word.is_word(ANY) else word.text

    def _state(self) -> State:
        for state in STATES:
            if self._accept(state):
                return state
        return ""

    def _count(self) -> tuple[int, bool]:
        is_exact = self._accept("exactly")
        if not (self._words and not self._words[0].quoted and self._words[0].text.isdecimal()):
            if is_exact:
                raise self._fault('after "exactly" comes a number: exactly 3 times')
            return 1, False
        text = self._take().text
        times = int(text) if len(text) < 9 else TIMES_MAX + 1
        if not 1 <= times <= TIMES_MAX:
            raise self._fault(f"{text} times is not possible: 1 to {TIMES_MAX:,} are")
        if not self._accept("times"):
            raise self._fault(f'after {text} comes "times"')
        return times, is_exact

    def _within(self) -> int | None:
        if not self._accept("within"):
            return None
        if self._before is None:
            raise self._fault('"within" counts from the step before, and this is the first')
        match = _DURATION.fullmatch(self._take().text) if self._words else None
        if match is None:
            raise self._fault('after "within" comes a time such as 30s, 5m, 2h or 1d')
        return round(float(match[1]) * _UNITS_NS[match[2]])

    def _accept(self, word: str) -> bool:
        if self._words and self._words[0].is_word(word):
            self._take()
            return True
        return False

    def _take(self) -> _Word:
        return self._words.pop(0)

    def _expect_end(self) -> None:
        if self._words:
            raise self._fault(f'"{self._words[0].text}" does not fit here; the next step begins with "then"')

    def _fault(self, what: str) -> BadSteps:
        return BadSteps(f"Step {self._number}: {what}.")
