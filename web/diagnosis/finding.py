"""One line of `doctor`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `advice` says what to do when it is not ok."""

    level: Literal["ok", "warn", "FAIL"]
    text: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        """Whether it works now."""
        return self.level != "FAIL"

    @property
    def line(self) -> str:
        """As `doctor` prints it."""
        return f"{self.level:<4}  {self.text}" + (f" -> {self.advice}" if self.advice else "")


def good(text: str) -> Finding:
    """All is well here."""
    return Finding("ok", text)


def doubtful(text: str, advice: str) -> Finding:
    """It works, and may not for long."""
    return Finding("warn", " ".join(text.split()), advice)


def bad(text: str, advice: str) -> Finding:
    """Something is wrong, and what to do about it."""
    return Finding("FAIL", " ".join(text.split()), advice)
