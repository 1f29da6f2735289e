"""Links to the same trace in other backends, by URL templates of the setting `trace_links`. Pure.

Sources: W3C Trace Context (ids in hex); Datadog, Correlate OpenTelemetry Traces and Logs (the lower 64 bits, decimal).
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from web.filters import utc
from web.lists.typed_ids import datadog_id

MARGIN_NS = 5 * 60 * 1_000_000_000  # around a trace: other backends take the times of their own receipt
MILLISECOND_NS, SECOND_NS = 1_000_000, 1_000_000_000
TIMES = ("start_s", "end_s", "start_ms", "end_ms", "start_iso", "end_iso")
PLACEHOLDERS = ("trace_id", "trace_id_decimal", *TIMES)
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class LinkTemplate:
    """A backend's name and where it shows a trace."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class OutgoingLink:
    """A trace as another backend shows it."""

    name: str
    url: str


def read_link_templates(text: str) -> tuple[LinkTemplate, ...]:
    """`NAME=URL` pairs with white space between them, `_` in a name for a space; ValueError says what is wrong."""
    found = []
    for part in text.split():
        name, equals, url = part.partition("=")
        scheme, host = urlsplit(url.partition("{")[0])[:2] if equals else ("", "")
        if not name or scheme not in ("http", "https") or not host:
            raise ValueError(
                f"{part!r} is no NAME=URL, such as Datadog=https://app.datadoghq.com/apm/trace/{{trace_id}}"
            )
        unknown = [word for word in _PLACEHOLDER.findall(url) if word not in PLACEHOLDERS]
        if unknown:
            raise ValueError(
                f"{{{unknown[0]}}} in {name} is none of {', '.join(f'{{{word}}}' for word in PLACEHOLDERS)}"
            )
        found.append(LinkTemplate(name.replace("_", " "), url))
    return tuple(found)


def outgoing_links(
    templates: tuple[LinkTemplate, ...], trace_id: bytes, start_unix_nano: int, end_unix_nano: int
) -> tuple[OutgoingLink, ...]:
    """Where each backend shows this trace; times reach from five minutes before its start to five after its end."""
    start, end = max(0, start_unix_nano - MARGIN_NS), max(start_unix_nano, end_unix_nano) + MARGIN_NS
    values = {
        "trace_id": trace_id.hex(),
        "trace_id_decimal": datadog_id(trace_id),
        "start_s": str(start // SECOND_NS),
        "end_s": str(end // SECOND_NS),
        "start_ms": str(start // MILLISECOND_NS),
        "end_ms": str(end // MILLISECOND_NS),
        "start_iso": utc(start),
        "end_iso": utc(end),
    }
    return tuple(
        OutgoingLink(each.name, _PLACEHOLDER.sub(lambda match: quote(values[match[1]], safe=""), each.url))
        for each in templates
    )
