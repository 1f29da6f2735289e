"""Times of events as senders write them."""

from typing import Any

import pytest

from otlp_receiver.client_time import unix_nano

SECOND = 10**9
NEW_YEAR = 1_767_225_600 * SECOND  # 2026-01-01


@pytest.mark.parametrize(
    ("value", "nano"),
    [
        (None, None),
        ("", None),
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01T00:00:00.000Z", NEW_YEAR),
        ("2026-01-01T00:00:00.123456789Z", NEW_YEAR + 123_456_789),
        ("2026-01-01 00:00:00.5", NEW_YEAR + SECOND // 2),  # naive times are UTC
        ("2026-01-01T02:00:00+02:00", NEW_YEAR),
        ("2026-01-01T02:00:00.25+02:00", NEW_YEAR + SECOND // 4),
        ("2026-01-01", NEW_YEAR),
        (1_767_225_600, NEW_YEAR),
        (1_767_225_600_000, NEW_YEAR),
        ("1767225600.5", NEW_YEAR + SECOND // 2),
        (0, 0),
    ],
)
def test_what_is_read(value: Any, nano: int | None) -> None:
    assert unix_nano(value) == nano


@pytest.mark.parametrize("value", ["soon", True, [], -1, "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", 1e300, "NaN"])
def test_what_is_refused_in_words(value: Any) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601|years 1970 to 2262"):
        unix_nano(value)
