"""Export gives back what was imported, field by field: random OTLP and every capture of the project."""

import itertools
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given, settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from otlp_receiver.decode import decode_traces
from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tests.otlp_strategies import trace_requests
from trace_store.connections import make_pool
from trace_store.export import traces_json, traces_protobuf
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedSpan
from trace_store.reader import TraceReader
from trace_store.stored import StoredSpan, TraceKey
from trace_store.writer import SpanWriter

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CAPTURES = sorted(path.parent for path in (FIXTURES / "dialects").rglob("001.*"))
KEPT_FOR_DAYS = 30
PATIENT = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
_projects = itertools.count(1)


class Store:
    """A store in which every import is a project of its own."""

    def __init__(self, writer: SpanWriter, reader: TraceReader) -> None:
        self.writer = writer
        self.reader = reader

    async def import_and_read(self, spans: Iterable[AcceptedSpan]) -> list[StoredSpan]:
        project_id = next(_projects)
        mine = [span._replace(project_id=project_id) for span in spans]
        await self.writer.commit(CommitBatch(mine))
        traces = {span.trace_id for span in mine}
        return [span for i in sorted(traces) for span in await self.reader.stored_spans(TraceKey(project_id, i))]


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    writer = SpanWriter(database, KEPT_FOR_DAYS)
    await writer.open()
    async with make_pool(database, "test", 1) as pool:
        yield Store(writer, TraceReader(pool))
    await writer.close()


def flat(traces: TracesData | ExportTraceServiceRequest) -> list[tuple[bytes, str, bytes, str, bytes]]:
    """Every span with what it stands under; two lists are equal exactly when the messages say the same."""
    return sorted(
        (
            group.resource.SerializeToString(deterministic=True),
            group.schema_url,
            scope.scope.SerializeToString(deterministic=True),
            scope.schema_url,
            span.SerializeToString(deterministic=True),
        )
        for group in traces.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    )


def flat_json(spans: Iterable[AcceptedSpan]) -> list[str]:
    """The same with JSON's idea of a number: all NaNs are one."""
    return sorted(
        repr(
            [
                MessageToDict(Resource.FromString(span.resource.otlp)),
                span.resource.schema_url,
                MessageToDict(InstrumentationScope.FromString(span.scope.otlp)),
                span.scope.schema_url,
                MessageToDict(Span.FromString(span.otlp)),
            ]
        )
        for span in spans
    )


@settings(max_examples=150, deadline=None, suppress_health_check=PATIENT)
@given(request=trace_requests())
async def test_random_otlp(store: Store, request: ExportTraceServiceRequest) -> None:
    sent = decode_traces(request.SerializeToString(), "protobuf", 1)
    assert sent.rejections.total == 0
    if len({(span.trace_id, span.span_id) for span in sent.spans}) < len(sent.spans):
        return  # versions of one span: only one of them stays
    stored = await store.import_and_read(sent.spans)
    assert flat(TracesData.FromString(traces_protobuf(stored))) == flat(request)
    again = decode_traces(traces_json(stored), "json", 1)
    assert again.rejections.total == 0
    assert flat_json(again.spans) == flat_json(sent.spans)


async def test_every_capture(store: Store) -> None:
    assert len(CAPTURES) > 30
    for capture in CAPTURES:
        files = sorted(path for path in capture.iterdir() if path.name[:3].isdigit())
        decoded = [part for path in files for part in decode_file(path.read_bytes())]
        sent = [span for part in decoded if isinstance(part, DecodedTraces) for span in part.spans]
        versions = {(span.trace_id, span.span_id) for span in sent}
        stored = await store.import_and_read(sent)
        assert {(span.row.trace_id, span.row.span_id) for span in stored} == versions, capture
        kept = {span.otlp for span in stored}
        winners = [span for span in {(s.trace_id, s.span_id, s.otlp): s for s in sent}.values() if span.otlp in kept]
        for again in (
            decode_traces(traces_protobuf(stored), "protobuf", 1),
            decode_traces(traces_json(stored), "json", 1),
        ):
            assert again.rejections.total == 0, capture
            assert flat_json(again.spans) == flat_json(winners), capture
