"""Spans of Rainbarrel's own work: exports, commits, derivations, questions. Nothing without `--own-traces`.

    with own_span("commit", records=3) as span:  # in the code: one look at a variable where nobody listens
        span.set(accepted=2)

A span bears counts and names of ours, never what spans, prompts or keys hold. `web/processes/own_traces.py` sends them.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

Value = str | int | float | bool


class OwnSpan(Protocol):
    """A piece of work that is under way."""

    def set(self, **attributes: Value) -> None:
        """Say more of it."""

    def rename(self, name: str) -> None:
        """Say better what it is."""


class _Nothing:
    """The span when nobody listens."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def set(self, **attributes: Value) -> None:
        pass

    def rename(self, name: str) -> None:
        pass


Recorder = Callable[[str, dict[str, Value]], AbstractContextManager[OwnSpan]]
_NOTHING = _Nothing()
_recorder: Recorder | None = None


def record_with(recorder: Recorder | None) -> None:
    """From now on spans of this process go there; None: nowhere."""
    global _recorder  # one per process, like its log
    _recorder = recorder


def own_span(name: str, **attributes: Value) -> AbstractContextManager[OwnSpan]:
    """A span of its own trace that lasts as long as the block; an error ends it as failed, with its type alone."""
    return _NOTHING if _recorder is None else _recorder(name, attributes)
