"""Stands in for another backend: takes OTLP over HTTP on loopback and counts the spans of each trace and scope."""

import gzip
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class CountingEndpoint(ThreadingHTTPServer):
    """Counts what it answers with 200; with another `status` it counts only the requests."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.requests = 0
        self.headers: dict[str, str] = {}
        self.paths: set[str] = set()
        self.span_counts: Counter[str] = Counter()  # by trace id
        self.span_ids: dict[str, set[str]] = defaultdict(set)  # by the name of their instrumentation scope
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def count(self, body: bytes, encoding: str | None) -> None:
        """Count the spans of a request."""
        request = ExportTraceServiceRequest.FromString(gzip.decompress(body) if encoding == "gzip" else body)
        for resource_spans in request.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    self.span_counts[span.trace_id.hex()] += 1
                    self.span_ids[scope_spans.scope.name].add(span.span_id.hex())


class _Handler(BaseHTTPRequestHandler):
    server: CountingEndpoint

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:  # the name that http.server looks for
        endpoint = self.server
        body = self._body()
        with endpoint.lock:
            endpoint.requests += 1
            endpoint.paths.add(self.path)
            endpoint.headers = {name.lower(): value for name, value in self.headers.items()}
            if endpoint.status == 200:
                endpoint.count(body, self.headers["Content-Encoding"])
        self.send_response(endpoint.status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> bytes:
        """The whole body; in chunks where the client tells no length, as exporters in JavaScript do."""
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


@contextmanager
def counting_endpoint(status: int = 200) -> Iterator[CountingEndpoint]:
    with CountingEndpoint(status) as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever)
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.shutdown()
            thread.join()
