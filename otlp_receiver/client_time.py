"""The `timestamp` of an event as senders write it: ISO 8601, or a number of seconds or milliseconds."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from otlp_receiver.json_values import shown

_NANO_MAX = 2**63 - 1
_FRACTION = re.compile(r"(?<=:\d\d)[.,](\d+)")  # of a second; datetime knows no nanoseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_MAX = 10**11  # larger numbers are milliseconds: the year 5138 in seconds, 1973 in milliseconds


def unix_nano(value: Any) -> int | None:
    """Nanoseconds since the epoch; None when nothing was sent. A time without a zone is UTC.

    Raises ValueError, with a sentence that goes on after the name of the field.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"is {shown(value)}, neither ISO 8601 nor a number")
    nano = _of_number(value)
    if nano is None:
        nano = _of_text(str(value))
    if not 0 <= nano <= _NANO_MAX:
        raise ValueError(f"{shown(value)} lies outside the years 1970 to 2262")
    return nano


def _of_number(value: str | int | float) -> int | None:
    if isinstance(value, str) and ("-" in value or ":" in value or len(value) > 40):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > 30:
        return None
    return int(number * (10**9 if abs(number) < _SECONDS_MAX else 10**6))


def _of_text(value: str) -> int:
    fraction = _FRACTION.search(value)
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", value, 1).strip())
    except ValueError:
        raise ValueError(f"is {shown(value)}, neither ISO 8601 nor a number") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    past = moment - _EPOCH
    nanos = int(fraction[1][:9].ljust(9, "0")) if fraction else 0
    return (past.days * 86_400 + past.seconds) * 10**9 + nanos
