"""The committed view module is what `proto/otlp_view.proto` compiles to, and it fits OTLP's field numbers."""

import subprocess
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from otlp_receiver import _otlp_view_pb2 as view

ROOT = Path(__file__).resolve().parents[2]


def test_generated_module_equals_its_source(tmp_path: Path) -> None:
    out = tmp_path / "view.pb"
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={ROOT / 'proto'}"]
    subprocess.run([*command, f"--descriptor_set_out={out}", "otlp_view.proto"], check=True, timeout=60)
    (compiled,) = FileDescriptorSet.FromString(out.read_bytes()).file
    committed = FileDescriptorProto()
    view.DESCRIPTOR.CopyToProto(committed)
    for message in compiled.message_type:  # protoc adds names that the runtime derives
        for field in message.field:
            field.ClearField("json_name")
    assert committed == compiled


def test_view_has_the_field_numbers_of_otlp() -> None:
    for resource_items in (ResourceSpans, ResourceLogs, ResourceMetrics):
        fields = resource_items.DESCRIPTOR.fields_by_number
        assert fields[1].name == "resource"
        assert fields[2].name.startswith("scope_")
        assert fields[3].name == "schema_url"
    for scope_items in (ScopeSpans, ScopeLogs, ScopeMetrics):
        fields = scope_items.DESCRIPTOR.fields_by_number
        assert (fields[1].name, fields[3].name) == ("scope", "schema_url")
        assert fields[2].is_repeated
    for field in view.Metric.DESCRIPTOR.fields:
        assert Metric.DESCRIPTOR.fields_by_number[field.number].name == field.name
        points = Metric.DESCRIPTOR.fields_by_number[field.number].message_type.fields_by_number[1]
        assert points.name == "data_points"
