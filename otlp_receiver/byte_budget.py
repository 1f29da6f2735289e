"""A bound, in bytes, on everything that was received and is not yet stored."""

from types import TracebackType
from typing import Self

from otlp_receiver.exceptions import Overloaded


class ByteBudget:
    """Counts the bytes that requests hold; `bytes_max` is exceeded only by a single request larger than it."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.used_bytes = 0
        self.refusals = 0

    def reservation(self) -> "Reservation":
        """A share of nothing yet; use it as a context manager, which gives it back."""
        return Reservation(self)


class Reservation:
    """What one request holds of a budget."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._bytes = 0

    def resize(self, size: int) -> None:
        """Hold `size` bytes from now on. Raises Overloaded, and holds what it held, when others need too much."""
        budget = self._budget
        others = budget.used_bytes - self._bytes
        if size > self._bytes and others and others + size > budget.bytes_max:
            budget.refusals += 1
            raise Overloaded(
                f"{budget.used_bytes} of at most {budget.bytes_max} bytes wait to be stored: "
                "send this again a little later"
            )
        budget.used_bytes = others + size
        self._bytes = size

    def release(self) -> None:
        """Give everything back; harmless when done twice."""
        self._budget.used_bytes -= self._bytes
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
