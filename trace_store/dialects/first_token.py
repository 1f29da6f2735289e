"""Time to first token of a streamed model call, in nanoseconds.

Libraries write it as seconds (OTel GenAI), as milliseconds (AI SDK), as the time of day at which the first token came
(Langfuse, Mastra), or as a span event at that time (OpenInference, OpenLLMetry, LangSmith).
"""

from datetime import UTC, datetime
from typing import Any

from trace_store.attributes import NOT_JSON, parse_json
from trace_store.dialects.reading import Reading
from trace_store.model import Span

EVENTS = frozenset(
    {
        "First Token Stream Event",
        "First chunk",
        "ai.stream.firstChunk",
        "gen_ai.content.completion.chunk",
        "llm.content.completion.chunk",
        "new_token",
    }
)
NANOSECONDS_MAX = 24 * 3600 * 10**9  # what claims to have waited longer is no time to first token
_NUMBERS = (int, float)  # quicker than `int | float`, which would be made each time
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_to_first_token_ns(span: Span, reading: Reading) -> int | None:
    """From the start of the span to the first piece of the answer; None where nothing sensible says."""
    fields = reading.fields
    if "first_token_s" in fields:
        seconds = reading.value("first_token_s")
        if seconds.__class__ is not float:
            seconds = _number(seconds)
        if seconds is not None:
            return _sensible(seconds * 1e9)
    if "first_token_ms" in fields and (milliseconds := _number(reading.value("first_token_ms"))) is not None:
        return _sensible(milliseconds * 1e6)
    at = unix_nano(reading.value("first_token_at")) if "first_token_at" in fields else None
    if at is None and span.events:
        at = next((event.time_unix_nano for event in span.events if event.name in EVENTS), None)
    return None if not at or not span.start_unix_nano else _sensible(at - span.start_unix_nano)


def unix_nano(value: Any) -> int | None:
    """Nanoseconds since the epoch of an ISO 8601 time, which may stand in JSON quotes; without a zone it is UTC."""
    if not isinstance(value, str) or len(value) > 50:
        return None
    try:
        moment = datetime.fromisoformat(value.strip('"'))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        value = parse_json(value) if len(value) <= 50 else NOT_JSON
    return float(value) if isinstance(value, _NUMBERS) and not isinstance(value, bool) else None


def _sensible(nanoseconds: float) -> int | None:
    return round(nanoseconds) if 0 <= nanoseconds <= NANOSECONDS_MAX else None  # NaN is neither
