"""Sets of users by their numbers: as bits where they are many, as a list where they are few; quickly united. Pure."""

from array import array
from collections.abc import Iterable, Iterator
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
        text, others = self._apart()
        highest = max(len(text) * 8 - 1, *others) if others else self.bits.bit_length() - 1
        if highest // 8 > BYTES_PER_MEMBER_MAX * (self.bits.bit_count() + len(others)):
            return packed_users([*_numbers(text), *others])
        if not others:
            return BITS + text if text else b""
        bits = self.bits | int.from_bytes(_bits(sorted(others)), "little")
        return BITS + bits.to_bytes((bits.bit_length() + 7) // 8, "little")

    def __len__(self) -> int:
        others = len(self._apart()[1]) if self.bits else len(self.few)
        return self.bits.bit_count() + others + len(self.unnumbered)

    def _apart(self) -> tuple[bytes, list[int]]:
        """The bits as bytes, and the numbers that are not among them: those may be far beyond, and become no bits."""
        text = self.bits.to_bytes((self.bits.bit_length() + 7) // 8, "little")
        end = len(text) * 8
        return text, [number for number in self.few if number >= end or not text[number >> 3] >> (number & 7) & 1]


def _numbers(bits: bytes) -> Iterator[int]:
    return (place * 8 + n for place, byte in enumerate(bits) if byte for n in range(8) if byte >> n & 1)


def _bits(numbers: list[int]) -> bytes:
    bits = bytearray(numbers[-1] // 8 + 1 if numbers else 0)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return bytes(bits)
