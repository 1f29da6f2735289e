"""What pages print."""

import pytest

from web.filters import bytes_size, compact, duration, short_id, utc
from web.lists.list_view import spoken


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "running"),
        (0, "0 ns"),
        (850, "850 ns"),
        (410_000_000, "410 ms"),
        (1_400_000_000, "1.40 s"),
        (14_200_000_000, "14.2 s"),
        (212_000_000_000, "3 m 32 s"),
        (7_380_000_000_000, "2 h 03 m"),
        (367_200_000_000_000, "4 d 06 h"),
        (2**64 - 1, "213,504 d"),
        (999_500, "1 ms"),
        (999_999_999, "1.00 s"),  # rounding never gives 1000 of a unit
        (59_999_000_000, "1 m 00 s"),
        (3_599_900_000_000, "1 h 00 m"),
        (86_399_000_000_000, "1 d 00 h"),
    ],
)
def test_duration(nanoseconds: int | None, text: str) -> None:
    assert duration(nanoseconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (5214, "5.2k"), (143_000, "143k"), (2_500_000, "2.5M")]
)
def test_compact(number: int, text: str) -> None:
    assert compact(number) == text


def test_times_keep_their_nanoseconds() -> None:
    assert utc(1_795_256_004_431_476_032) == "2026-11-21T10:13:24.431476032Z"
    assert utc(2**64 - 1).startswith("2554-07-21T")
    assert utc(0) == ""


def test_sizes_and_ids() -> None:
    assert bytes_size(999) == "999 B"
    assert bytes_size(1_258_291) == "1.3 MB"
    assert short_id("4f1c09ab77") == "4f1c09ab"


def test_the_strip_is_spoken() -> None:
    assert spoken("LTLELE") == "3 model calls, 1 tool call, 2 tool errors"
    assert spoken("") == "no model or tool calls"
    assert spoken("LT+") == "1 model call, 1 tool call, and more"
