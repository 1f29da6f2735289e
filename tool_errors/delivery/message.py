"""What a message says, whatever channel it goes to: what broke, for how many, since when, where to look.

The subject in the outbox is data; its words are made here, at the first and at every later attempt alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

TRACES_MAX = 5
LINES_MAX = 10  # of one section of a digest
TITLE_CHARACTERS_MAX = 150
TEXT_CHARACTERS_MAX = 1000
PREFIXES = {
    "fired": "Alert: ",
    "resolved": "Resolved: ",
    "match": "Match: ",
    "test": "",
    "digest": "",
    "circuit_breaker": "Loop: ",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a section; `url` is empty when there is nothing to open."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text in parts; each channel escapes it for itself."""

    title: str  # one line
    what: str  # "" when the title says it all
    facts: tuple[tuple[str, str], ...]  # name and value
    sections: tuple[Section, ...]
    look_at: str


def message_of(subject: Mapping[str, Any], public_url: str) -> Message:
    """The message that tells a subject; links need `public_url`, without one the ids stand there alone."""
    kind = str(subject.get("kind", ""))
    title = PREFIXES.get(kind, "") + one_line(subject.get("title") or subject.get("rule") or "Rainbarrel")
    facts = [
        ("Tool", one_line(subject.get("tool"))),
        ("How often", _how_often(subject)),
        ("Since", _since(subject.get("since_unix_nano"))),
        ("Rule", one_line(subject.get("rule"))),
    ]
    sections = [
        Section(one_line(part.get("heading")), tuple(_lines(part, public_url)))
        for part in _maps(subject.get("sections"))
    ]
    if links := _links(subject, public_url):
        sections.append(links)
    return Message(
        clip(title, TITLE_CHARACTERS_MAX),
        clip(str(subject.get("what") or "").strip(), TEXT_CHARACTERS_MAX),
        tuple(
            ("Tool" if name == "What" else name, clip(value, TITLE_CHARACTERS_MAX)) for name, value in facts if value
        ),
        tuple(sections),
        clip(str(subject.get("look_at") or "").strip(), TEXT_CHARACTERS_MAX),
    )


def plain_text(message: Message) -> str:
    """The message as text without any markup, but for its title."""
    parts = [message.what] if message.what else []
    if message.facts:
        parts.append("\n".join(f"{name}: {value}" for name, value in message.facts))
    for section in message.sections:
        lines = [f"- {line.text}" + (f"\n  {line.url}" if line.url else "") for line in section.lines]
        parts.append("\n".join([section.heading, *lines]))
    if message.look_at:
        parts.append(f"Look at: {message.look_at}")
    return "\n\n".join(parts) + "\n"


def clip(text: str, characters_max: int) -> str:
    """The text with a visible sign where it is longer than that."""
    return text if len(text) <= characters_max else text[: characters_max - 1] + "…"


def one_line(value: Any) -> str:
    """Text without line breaks and control characters."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value if value is not None else ""))
    return " ".join(text.split())


def _how_often(subject: Mapping[str, Any]) -> str:
    events, users = subject.get("events"), subject.get("users")
    parts = []
    if isinstance(events, int):
        parts.append(f"{events:,} {'event' if events == 1 else 'events'}")
    if isinstance(users, int):
        parts.append(f"{users:,} {'user' if users == 1 else 'users'}")
    window_s = subject.get("window_s")
    within = f" within {duration(float(window_s))}" if parts and isinstance(window_s, int | float) and window_s else ""
    return ", ".join(parts) + within


def duration(seconds: float) -> str:
    """`90` as 1.5 min, `7200` as 2 h."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _since(nanoseconds: Any) -> str:
    if not isinstance(nanoseconds, int) or nanoseconds <= 0:
        return ""
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _links(subject: Mapping[str, Any], public_url: str) -> Section | None:
    lines = []
    if issue := subject.get("issue"):
        lines.append(Line(f"Issue {issue}", _url(public_url, f"/issues/{quote(str(issue), safe='')}")))
    traces: Sequence[Any] = subject.get("trace_ids") or ()
    lines += [
        Line(f"Trace {trace_id}", _url(public_url, f"/traces/{quote(str(trace_id), safe='')}"))
        for trace_id in traces[:TRACES_MAX]
    ]
    if not lines:
        return None
    heading = "Examples" if len(traces) <= TRACES_MAX else f"Examples, showing {TRACES_MAX} of {len(traces)} traces"
    return Section(heading, tuple(lines))


def _lines(part: Mapping[str, Any], public_url: str) -> list[Line]:
    found = _maps(part.get("lines"))
    total = max(int(part.get("total") or 0), len(found))
    lines = [
        Line(clip(one_line(line.get("text")), TITLE_CHARACTERS_MAX * 2), _url(public_url, str(line.get("path") or "")))
        for line in found[:LINES_MAX]
    ]
    if total > len(lines):
        lines.append(Line(f"showing {len(lines)} of {total:,}"))
    return lines


def _url(public_url: str, path: str) -> str:
    return public_url.rstrip("/") + path if public_url and path else ""


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []
