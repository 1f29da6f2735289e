"""Sets of users by their numbers: as bits where they are many, as a list where they are few; quickly united. Pure."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

BITS, LIST = b"\1", b"\0"  # how a stored set begins
BYTES_PER_MEMBER_MAX = 32  # of bits; with more a list is shorter by far


def packed_users(numbers: Iterable[int]) -> bytes:
    """A set to store."""
    known = sorted(set(numbers))
    if not known:
        return b""
    if known[-1] // 8 <= BYTES_PER_MEMBER_MAX * len(known):
        return BITS + _bits(known)
    return LIST + array("i", known).tobytes()


@dataclass(slots=True)
class UserSet:
    """Users of several stored sets, and such that have no number yet."""

    bits: int = 0
    few: set[int] = field(default_factory=set)  # numbers
    unnumbered: set[int] = field(default_factory=set)  # hashes

    def add_packed(self, stored: bytes) -> None:
        """Adds what `packed_users` made."""
        if stored[:1] == BITS:
            self.bits |= int.from_bytes(memoryview(stored)[1:], "little")
        elif stored:
            self.few.update(array("i", stored[1:]))

    def add(self, hashes: Iterable[int], numbers: dict[int, int]) -> None:
        """Adds users by their hashes."""
        for user_hash in hashes:
            number = numbers.get(user_hash)
            self.unnumbered.add(user_hash) if number is None else self.few.add(number)

    def update(self, other: "UserSet") -> None:
        """Adds the users of another set."""
        self.bits |= other.bits
        self.few |= other.few
        self.unnumbered |= other.unnumbered

    def packed(self) -> bytes:
        """All users that have a number, to store."""
        bits = self._all()
        text = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
        if len(text) <= BYTES_PER_MEMBER_MAX * bits.bit_count():
            return BITS + text if text else b""
        return packed_users(place * 8 + n for place, byte in enumerate(text) if byte for n in range(8) if byte >> n & 1)

    def __len__(self) -> int:
        return self._all().bit_count() + len(self.unnumbered)

    def _all(self) -> int:
        return self.bits | int.from_bytes(_bits(sorted(self.few)), "little")


def _bits(numbers: list[int]) -> bytes:
    bits = bytearray(numbers[-1] // 8 + 1 if numbers else 0)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return bytes(bits)
