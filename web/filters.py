"""Numbers and times as pages print them; every function is a template filter."""

from datetime import UTC, datetime

_UNITS = ((1_000_000_000, "s", 2), (1_000_000, "ms", 0), (1_000, "µs", 0))


def duration(nanoseconds: int | None) -> str:
    """1_400_000_000 -> "1.40 s", a minute and more as "3 m 32 s"; "running" for None."""
    if nanoseconds is None:
        return "running"
    if nanoseconds >= 3_600_000_000_000:
        minutes = round(nanoseconds / 60_000_000_000)
        return f"{minutes // 60} h {minutes % 60:02} m"
    if nanoseconds >= 60_000_000_000:
        seconds = round(nanoseconds / 1_000_000_000)
        return f"{seconds // 60} m {seconds % 60:02} s"
    if nanoseconds >= 10_000_000_000:
        return f"{nanoseconds / 1_000_000_000:.1f} s"
    for size, unit, digits in _UNITS:
        if nanoseconds >= size:
            return f"{nanoseconds / size:.{digits}f} {unit}"
    return f"{nanoseconds} ns"


def compact(number: int) -> str:
    """5214 -> "5.2k"; exact below 1,000."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.0f}{unit}" if scaled >= 100 else f"{scaled:.1f}{unit}"
    return str(number)


def number(value: int) -> str:
    """12480 -> "12,480"."""
    return f"{value:,}"


def bytes_size(count: int) -> str:
    """1258291 -> "1.3 MB"; decimal units."""
    for size, unit in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def utc(unix_nano: int) -> str:
    """Nanoseconds since the epoch as ISO 8601 with all nine digits; "" for 0 (not given)."""
    if not unix_nano:
        return ""
    seconds, nanos = divmod(unix_nano, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)  # 2^64 ns end in the year 2554: always in range
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"


def short_id(identifier: str) -> str:
    """The first 8 characters of an id."""
    return identifier[:8]


FILTERS = {
    "bytes_size": bytes_size,
    "compact": compact,
    "duration": duration,
    "number": number,
    "short_id": short_id,
    "utc": utc,
}
