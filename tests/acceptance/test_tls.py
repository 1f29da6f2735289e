"""TLS and mutual TLS on both ports, with the unchanged exporters of OpenTelemetry and our own commands."""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.certificates import Pair, TestCa
from tests.faults.running_receiver import running_receiver
from tests.faults.wait_until import wait_until
from tests.fix_server import RunningServer, running_server
from tests.run_cli import ROOT, rainbarrel

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> TestCa:
    return TestCa(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def client(ca: TestCa) -> Pair:
    return ca.sign("client")


@pytest.fixture(scope="module")
def served(ca: TestCa) -> Pair:
    return ca.sign("server", "localhost")


@pytest.fixture(scope="module")
def mutual(ca: TestCa, served: Pair) -> Iterator[RunningServer]:
    """`serve` at 127.0.0.1 with a certificate for localhost; whoever connects has to show one too."""
    files = ("--tls-certificate", served.certificate, "--tls-key", served.key, "--tls-client-ca", ca.file)
    with running_server(*map(str, files)) as server:
        yield server


def by_name(address: str) -> str:
    """The same port, at the name that the certificate is for."""
    return address.replace("127.0.0.1", "localhost")


@contextlib.contextmanager
def exporter(
    protocol: str, http: str, grpc: str, ca: TestCa, client: Pair | None, timeout_s: float = 60
) -> Iterator[SpanExporter]:
    """As OTEL_EXPORTER_OTLP_* set it up; what is asked again is asked again until the timeout."""
    made: SpanExporter
    with pytest.MonkeyPatch.context() as environment:
        for foreign in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # would go before
            environment.delenv(foreign, raising=False)
        environment.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(ca.file))
        if client:
            environment.setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", str(client.certificate))
            environment.setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", str(client.key))
        if protocol == "http":
            made = HttpExporter(by_name(http) + "/v1/traces", timeout=timeout_s)
        else:
            made = GrpcExporter(by_name(grpc), timeout=timeout_s)
        try:
            yield made
        finally:
            made.shutdown()


def a_span() -> ReadableSpan:
    """One that the SDK has made."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    provider.get_tracer("test").start_span("over TLS").end()
    (span,) = kept.get_finished_spans()
    return span


def trace_id(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}"


def secure_client(ca: TestCa, pair: Pair | None) -> httpx.Client:
    context = ssl.create_default_context(cafile=ca.file)
    if pair:
        context.load_cert_chain(pair.certificate, pair.key)
    return httpx.Client(verify=context, timeout=60)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_an_exporter_that_shows_a_certificate_is_served(mutual, ca, client, protocol):
    span = a_span()
    with exporter(protocol, mutual.url, mutual.grpc_endpoint, ca, client) as sender:
        assert sender.export([span]) is SpanExportResult.SUCCESS
    with secure_client(ca, client) as reader:
        stored = reader.get(f"{by_name(mutual.url)}/api/traces/{trace_id(span)}/otlp").json()
    assert "over TLS" in str(stored)


def test_who_shows_no_certificate_is_refused_at_both_ports(mutual, ca, client):
    stranger = TestCa(ca.file.parent, "stranger").sign("stranger-client")
    for pair in (None, stranger):
        with secure_client(ca, pair) as reader, pytest.raises(httpx.TransportError):
            reader.get(by_name(mutual.url) + "/healthz")
    with exporter("grpc", mutual.url, mutual.grpc_endpoint, ca, None, timeout_s=1) as sender:
        assert sender.export([a_span()]) is SpanExportResult.FAILURE


def test_our_own_commands_need_no_options(mutual):
    """The certificate is not for 127.0.0.1, and its CA is unknown here."""
    said = rainbarrel("doctor", "--data-dir", mutual.data_dir)
    assert said.returncode == 0, said.stdout.decode()
    assert "TLS: a certificate for localhost, valid until " in said.stdout.decode()
    assert said.stdout.count(b"test span over") == 2
    assert "https://localhost:" in mutual.log.read_text()


def test_commands_with_an_address_trust_the_ca_that_they_are_told(mutual, ca, client):
    url = by_name(mutual.url)
    shown = ("--tls-certificate", client.certificate, "--tls-key", client.key)
    untold = rainbarrel("check", "--trace-id", "0" * 31 + "1", "--url", url, *shown)
    assert untold.returncode == 2
    assert f"The certificate at {url} is not trusted: " in untold.stderr.decode()
    assert "Pass --tls-ca with the server's CA." in untold.stderr.decode()

    told = rainbarrel("doctor", "--url", url, "--tls-ca", ca.file, *shown)
    assert told.returncode == 0, told.stdout.decode()


def test_a_renewed_certificate_is_shown_without_a_restart(mutual, ca, client, served):
    before = shown_at(mutual.url, ca, client)
    renewed = ca.sign("renewed", "localhost", days=200)
    renewed.key.replace(served.key)
    renewed.certificate.replace(served.certificate)
    new = x509.load_pem_x509_certificate(served.certificate.read_bytes()).serial_number
    assert before != new
    both = (mutual.url, mutual.grpc_endpoint)
    wait_until(lambda: {shown_at(place, ca, client) for place in both} == {new}, "both ports show the new certificate")


def shown_at(address: str, ca: TestCa, client: Pair) -> int:
    """The serial number of the certificate that a port shows."""
    context = ssl.create_default_context(cafile=ca.file)
    context.load_cert_chain(client.certificate, client.key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    host, _, port = address.removeprefix("https://").rpartition(":")
    with (
        socket.create_connection((host, int(port)), 60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        found = secure.getpeercert(binary_form=True)
    assert found is not None
    return x509.load_der_x509_certificate(found).serial_number


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_without_a_client_ca_nobody_has_to_show_one(receiver_with_tls, ca, protocol):
    with exporter(protocol, receiver_with_tls.url, receiver_with_tls.grpc_endpoint, ca, None) as sender:
        assert sender.export([a_span()]) is SpanExportResult.SUCCESS


@pytest.fixture
def receiver_with_tls(database, ca):
    pair = ca.sign("receiver", "localhost", "127.0.0.1", days=10)
    options = ("--tls-certificate", str(pair.certificate), "--tls-key", str(pair.key))
    with running_receiver(database, *options, ca=ca.file) as receiver:
        assert "expires on" in receiver.log.read_text()
        yield receiver


def test_files_that_do_not_fit_end_the_start_with_a_sentence(ca, served, tmp_path):
    options = ["--tls-certificate", str(served.certificate), "--tls-key", str(ca.file), "--data-dir", str(tmp_path)]
    command = [sys.executable, "-m", "web.cli", "serve", *options]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, timeout=180, check=False)
    assert ended.returncode == 1
    assert "is no PEM file of a private key" in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()
    assert not list(Path(tmp_path).iterdir())
