"""Numbers and times as pages print them; every function is a template filter."""

import json
from datetime import UTC, datetime

from trace_store.lists.trace_filter import Term
from web.lists.strip import strip
from web.query_bar.language import written
from web.requests.names_in_paths import name_in_path


def duration(nanoseconds: int | None) -> str:
    """1_400_000_000 -> "1.40 s", then "14.2 s", "3 m 32 s", "2 h 03 m", "4 d 06 h"; "running" for None."""
    if nanoseconds is None:
        return "running"
    if nanoseconds < 1000:
        return f"{nanoseconds} ns"
    for size, unit in ((1_000, "µs"), (1_000_000, "ms")):
        if round(nanoseconds / size) < 1000:
            return f"{round(nanoseconds / size)} {unit}"
    seconds = nanoseconds / 1_000_000_000
    for below, digits in ((10, 2), (60, 1)):
        if round(seconds, digits) < below:
            return f"{seconds:.{digits}f} s"
    minutes, whole_seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {whole_seconds:02} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 24:
        return f"{hours} h {minutes:02} m"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours:02} h" if days < 1000 else f"{days:,} d"


def compact(number: int) -> str:
    """5214 -> "5.2k"; exact below 1,000."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.0f}{unit}" if scaled >= 100 else f"{scaled:.1f}{unit}"
    return str(number)


def along(at: int, measure: str) -> str:
    """A place on the waterfall's axis: nanoseconds as a duration, tokens as a number."""
    return (duration(at) if at else "0") if measure == "duration" else f"{at:,} tokens"


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


def unix_nano(moment: datetime) -> int:
    """A moment of the database, which counts microseconds, in nanoseconds since the epoch."""
    since = moment - datetime.fromtimestamp(0, UTC)
    return (since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds) * 1000


def short_id(identifier: str) -> str:
    """The first 8 characters of an id."""
    return identifier[:8]


def usd(nano_usd: int | None) -> str:
    """An amount with three digits that count: 1234500000 -> "$1.23", 48200 -> "$0.0000482"; "" for None."""
    if nano_usd is None:
        return ""
    if nano_usd == 0:
        return "$0"
    if nano_usd >= 10_000_000:  # a cent
        return f"${nano_usd / 1e9:,.2f}" if nano_usd >= 1_000_000_000 else f"${nano_usd / 1e9:.3f}"
    digits = 9 - len(str(nano_usd)) + 3
    return f"${nano_usd / 1e9:.{min(9, digits)}f}"


def host(url: str) -> str:
    """ "https://groq.com/pricing/" -> "groq.com"."""
    return url.partition("://")[2].partition("/")[0]


def toml_key(name: str) -> str:
    """A name as a quoted key of TOML, which JSON's text is."""
    return json.dumps(name, ensure_ascii=False)


def query_term(value: str, field: str) -> str:
    """A value of a field as the query bar writes it: user:"Ada L."."""
    return written(Term(field, (value,)))


FILTERS = {
    "along": along,
    "bytes_size": bytes_size,
    "compact": compact,
    "duration": duration,
    "host": host,
    "name_in_path": name_in_path,
    "number": number,
    "query_term": query_term,
    "short_id": short_id,
    "strip": strip,
    "toml_key": toml_key,
    "unix_nano": unix_nano,
    "usd": usd,
    "utc": utc,
}
