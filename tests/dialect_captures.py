"""Reads the captures under tests/fixtures/dialects through decode, read_span and normalise.

`<dialect>/<library>/<scenario>/` holds the export requests as the library sent them, in order of arrival, and
`facts.json`, the facts they must give.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from trace_store.dialects import normalise
from trace_store.facts import Payload, SpanFacts, ToolDefinition
from trace_store.model import LogRecord, Span
from trace_store.spans import read_log, read_resource, read_scope, read_span

CAPTURES = Path(__file__).parent / "fixtures" / "dialects"
FACTS = "facts.json"
_NOT_COMPARED = {"trace_id", "start_unix_nano", "end_unix_nano", "tool_definition_count"}


def scenarios() -> list[Path]:
    return sorted({path.parent for path in CAPTURES.glob("*/*/*/*") if path.suffix in {".pb", ".json"}})


def request_files(scenario: Path) -> list[Path]:
    """The export requests of a scenario: `001.traces.pb`, `002.logs.json` and so on."""
    return sorted(path for path in scenario.iterdir() if path.name[:3].isdecimal())


def read_capture(scenario: Path) -> Iterator[tuple[Span, list[LogRecord]]]:
    """The spans of a scenario in order of arrival, each with its log records."""
    spans: list[Span] = []
    logs: dict[tuple[bytes, bytes], list[LogRecord]] = {}
    for path in request_files(scenario):
        for decoded in decode_file(path.read_bytes()):
            if isinstance(decoded, DecodedTraces):
                spans += [
                    read_span(span.otlp, read_resource(span.resource.otlp), read_scope(span.scope.otlp))
                    for span in decoded.spans
                ]
            else:
                for record in decoded.logs:
                    log = read_log(record.otlp, read_scope(record.scope.otlp))
                    logs.setdefault((log.trace_id, log.span_id), []).append(log)
    for span in spans:
        yield span, logs.get((span.trace_id, span.span_id), [])


def capture_facts(scenario: Path) -> list[tuple[Span, SpanFacts | None]]:
    return [(span, normalise(span, logs)) for span, logs in read_capture(scenario)]


def golden(scenario: Path) -> list[dict[str, Any]]:
    """What facts.json says: each span's facts without times, without what is not set; None as type "other"."""
    return [
        plain(facts) if facts else {"span_id": span.span_id.hex(), "name": span.name, "type": None}
        for span, facts in capture_facts(scenario)
    ]


def plain(value: Any) -> Any:
    """Dataclasses as objects without fields at their default; a payload as its value, a tool definition in a line."""
    if isinstance(value, Payload):
        return value.value
    if isinstance(value, ToolDefinition):
        arguments = ", ".join((value.schema or {}).get("properties", {}))
        first_line = value.description.strip().partition("\n")[0]
        return f"{value.name}({arguments}): {first_line} #{value.digest.hex()}"
    if is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _NOT_COMPARED and getattr(value, field.name) not in (None, (), "", False, b"")
        }
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def write_golden(scenario: Path) -> bool:
    """Write facts.json anew; True when that changed it."""
    path = scenario / FACTS
    text = json.dumps(golden(scenario), indent=1, ensure_ascii=False) + "\n"
    if path.exists() and path.read_text() == text:
        return False
    path.write_text(text)
    return True
