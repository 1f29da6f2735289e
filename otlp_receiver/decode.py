"""Step decode: the bytes of an export request become accepted records; the only door to both encodings.

Only structure is read: ids, times, name, kind, status, resource, scope. Attributes stay in the record's bytes.
"""

from otlp_receiver import decode_json, decode_protobuf
from otlp_receiver.content import Encoding
from otlp_receiver.decoded import Decoded, DecodedLogs, DecodedMetrics, DecodedTraces, Signal
from otlp_receiver.json_messages import Warnings
from otlp_receiver.json_text import parse_json


def decode_traces(body: bytes, encoding: Encoding, project_id: int) -> DecodedTraces:
    """Decode an uncompressed ExportTraceServiceRequest. Raises MalformedBody when nothing of it can be read."""
    if encoding == "protobuf":
        return decode_protobuf.decode_traces(body, project_id)
    warnings: Warnings = set()
    return decode_json.decode_traces(parse_json(body, warnings), project_id, warnings)


def decode_logs(body: bytes, encoding: Encoding, project_id: int) -> DecodedLogs:
    """Decode an uncompressed ExportLogsServiceRequest. Raises MalformedBody when nothing of it can be read."""
    if encoding == "protobuf":
        return decode_protobuf.decode_logs(body, project_id)
    warnings: Warnings = set()
    return decode_json.decode_logs(parse_json(body, warnings), project_id, warnings)


def decode_metrics(body: bytes, encoding: Encoding, project_id: int) -> DecodedMetrics:
    """Count the data points of an uncompressed ExportMetricsServiceRequest; MalformedBody when it cannot be read."""
    if encoding == "protobuf":
        return decode_protobuf.decode_metrics(body, project_id)
    warnings: Warnings = set()
    return decode_json.decode_metrics(parse_json(body, warnings), project_id, warnings)


def decode(signal: Signal, body: bytes, encoding: Encoding, project_id: int) -> Decoded:
    """Decode the request of any signal."""
    if signal == "traces":
        return decode_traces(body, encoding, project_id)
    return (decode_logs if signal == "logs" else decode_metrics)(body, encoding, project_id)
