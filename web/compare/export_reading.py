"""Reads an OTLP export of another backend, and what is stored of its traces, to set one beside the other."""

from dataclasses import dataclass

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from otlp_receiver.exceptions import RequestRefused
from trace_store.model import Span
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.compare.exports import TraceDifference, accepted_spans, by_trace, compare_trace, stored_spans

TRACES_MAX = 100
NO_SPANS = "There are no spans in it, so nothing was compared. OTLP is needed: JSON, JSON lines or protobuf."


@dataclass(frozen=True, slots=True)
class ExportRead:
    """The spans of an export by trace id, and how many records were no spans."""

    traces: dict[str, list[Span]]
    rejected: int


@dataclass(frozen=True, slots=True)
class ExportComparison:
    """What the page shows: at most TRACES_MAX traces of `total`."""

    traces: tuple[TraceDifference, ...]
    total: int
    rejected: int


def read_export(data: bytes) -> ExportRead | str:
    """The spans of an export; a sentence for bytes that hold none."""
    try:
        parts = [part for part in decode_file(data) if isinstance(part, DecodedTraces)]
    except RequestRefused as error:
        return f"This is no OTLP export: {error}."
    spans = [span for part in parts for span in accepted_spans(part.spans)]
    rejected = sum(part.rejections.total for part in parts)
    return ExportRead(by_trace(spans), rejected) if spans else NO_SPANS


async def compare_with_stored(reader: TraceReader, project_id: int, export: ExportRead) -> ExportComparison:
    """The first 100 traces of an export beside what the project stored of them."""
    found = []
    for trace_id, theirs in list(export.traces.items())[:TRACES_MAX]:
        stored = await reader.stored_spans(TraceKey(project_id, bytes.fromhex(trace_id)))
        found.append(compare_trace(trace_id, stored_spans(stored), theirs))
    return ExportComparison(tuple(found), len(export.traces), export.rejected)
