"""One line of `doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `advice` says what to do when it is not ok."""

    ok: bool
    text: str
    advice: str = ""

    @property
    def line(self) -> str:
        """As `doctor` prints it."""
        return f"ok    {self.text}" if self.ok else f"FAIL  {self.text} -> {self.advice}"


def good(text: str) -> Finding:
    """All is well here."""
    return Finding(True, text)


def bad(text: str, advice: str) -> Finding:
    """Something is wrong, and what to do about it."""
    return Finding(False, " ".join(text.split()), advice)
