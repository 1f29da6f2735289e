"""Small export requests of now, with unique ids."""

import itertools
import time

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

_numbers = itertools.count(1)


def trace_request(*names: str) -> ExportTraceServiceRequest:
    """One trace with a span for each name."""
    trace_id, now = next(_numbers).to_bytes(16), time.time_ns()
    spans = [
        Span(trace_id=trace_id, span_id=number.to_bytes(8), name=name, start_time_unix_nano=now, end_time_unix_nano=now)
        for number, name in enumerate(names, start=1)
    ]
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])])


def logs_request(event_name: str) -> ExportLogsServiceRequest:
    """One log record."""
    record = LogRecord(time_unix_nano=time.time_ns() + next(_numbers), event_name=event_name)
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])])])


def metrics_request(points: int) -> ExportMetricsServiceRequest:
    """One gauge with so many data points."""
    gauge = Gauge(data_points=[NumberDataPoint(as_int=number) for number in range(points)])
    metric = Metric(name="temperature", gauge=gauge)
    return ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=[metric])])]
    )
