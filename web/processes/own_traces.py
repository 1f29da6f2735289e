"""Sends spans of our own work over OTLP/HTTP by the OpenTelemetry SDK, which the extra `own-traces` brings.

They must never go to the Rainbarrel that they are of: each export there would make further ones, without end. So each
of our requests says whose work it tells of, by a digest of a secret of the database, and a receiver on that database
refuses it for good (`otlp_receiver/access.py`). Behind a collector, which drops the header, the spans of a batch make
one commit and a few derivations, and these the next batch: it goes on, and does not grow.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from otlp_receiver.access import OWN_TRACES_HEADER, own_traces_digest
from otlp_receiver.key_ring import SESSION_SECRET
from trace_store.access_keys import shared_secret
from trace_store.connections import connect
from trace_store.exceptions import RainbarrelError
from trace_store.own_spans import OwnSpan, Value, record_with
from web.settings import Settings
from web.version import program_version

if TYPE_CHECKING:
    from opentelemetry.trace import Span

PREFIX = "rainbarrel."
TRACES_PATH = "/v1/traces"

log = logging.getLogger(__name__)


@contextmanager
def own_traces(settings: Settings, role: str, conninfo: str) -> Iterator[None]:
    """Spans of this process are sent while the block runs; nothing without --own-traces. Raises RainbarrelError."""
    if not settings.own_traces:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    except ImportError as error:
        raise RainbarrelError(
            "--own-traces needs the OpenTelemetry SDK: pip install 'rainbarrel[own-traces]', or leave the option out."
        ) from error

    class Labelled(SpanExporter):
        """An exporter that says whose work it tells of; without the database it sends nothing."""

        _exporter: OTLPSpanExporter | None = None

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            try:
                self._exporter = self._exporter or _exporter(settings.own_traces, conninfo)
            except RainbarrelError:
                return SpanExportResult.FAILURE
            return self._exporter.export(spans)

        def shutdown(self) -> None:
            if self._exporter is not None:
                self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _exporter(endpoint: str, conninfo: str) -> OTLPSpanExporter:
        url = endpoint if endpoint.endswith(TRACES_PATH) else endpoint + TRACES_PATH
        return OTLPSpanExporter(url, headers={OWN_TRACES_HEADER: asyncio.run(_own_digest(conninfo))})

    about = {"service.name": "rainbarrel", "service.version": program_version(), "rainbarrel.role": role}
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(Labelled()))
    record_with(_Recorder(provider.get_tracer("rainbarrel")).record)
    try:
        yield
    finally:
        record_with(None)
        provider.shutdown()


class _Recorder:
    """Makes spans with a tracer; each is a trace of its own, since work of many requests runs together."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    @contextmanager
    def record(self, name: str, attributes: dict[str, Value]) -> Iterator[OwnSpan]:
        from opentelemetry.context import Context
        from opentelemetry.trace import StatusCode

        with self._tracer.start_as_current_span(
            name, Context(), record_exception=False, set_status_on_exception=False
        ) as span:
            own = _Span(span)
            own.set(**attributes)
            try:
                yield own
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise


class _Span:
    """An `OwnSpan` over a span of the SDK."""

    def __init__(self, span: "Span") -> None:
        self._span = span

    def set(self, **attributes: Value) -> None:
        self._span.set_attributes({PREFIX + name: value for name, value in attributes.items()})

    def rename(self, name: str) -> None:
        self._span.update_name(name)


async def _own_digest(conninfo: str) -> str:
    connection = await connect(conninfo, "rainbarrel own traces")
    async with connection:
        return own_traces_digest(await shared_secret(connection, SESSION_SECRET))
