"""Plain spans for benchmarks: the traces of web requests that no model has a part in, about 0.5 KB a span on the wire.

A trace has 8 spans in the semantic conventions of HTTP and databases: the request, five queries and two calls of other
services.
"""

import random
from collections.abc import Iterator

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

SPANS_PER_REQUEST = 8
REQUEST_NS = 240_000_000
SCOPE = 2  # its number among workload.SCOPES
FAILING_REQUESTS = 0.02
ROUTES = ("/orders/{id}", "/cart", "/stock/{id}", "/customers/{id}/addresses", "/search")
QUERIES = (
    (
        "SELECT",
        "orders",
        "SELECT id, status, total FROM orders WHERE customer_id = $1 ORDER BY id LIMIT 20",
    ),
    ("SELECT", "stock", "SELECT item_id, warehouse, quantity FROM stock WHERE item_id = ANY ($1)"),
    ("UPDATE", "carts", "UPDATE carts SET updated_at = now(), items = $2 WHERE id = $1 RETURNING items"),
    ("INSERT", "audit", "INSERT INTO audit (actor, action, subject, at) VALUES ($1, $2, $3, now())"),
)


def web_request(rng: random.Random, start: int) -> Iterator[tuple[Span, int, dict[str, object]]]:
    """The spans of one request, each with the number of its scope and its attributes."""
    trace_id = rng.randbytes(16)
    route = rng.choice(ROUTES)
    root = _span(rng, trace_id, b"", f"GET {route}", Span.SPAN_KIND_SERVER, start, REQUEST_NS)
    for number in range(SPANS_PER_REQUEST - 1):
        begin = start + (number + 1) * REQUEST_NS // (SPANS_PER_REQUEST + 1)
        took_ns = rng.randrange(1_000_000, REQUEST_NS // (SPANS_PER_REQUEST + 1))
        if number % 4 == 3 or number == SPANS_PER_REQUEST - 2:
            child = _span(rng, trace_id, root.span_id, "GET", Span.SPAN_KIND_CLIENT, begin, took_ns)
            yield child, SCOPE, stock_call(rng)
        else:
            operation, table, query = rng.choice(QUERIES)
            name = f"{operation} {table}"
            child = _span(rng, trace_id, root.span_id, name, Span.SPAN_KIND_CLIENT, begin, took_ns)
            yield child, SCOPE, _query(operation, table, query)
    status = 500 if rng.random() < FAILING_REQUESTS else 200
    if status == 500:
        root.status.code = Status.STATUS_CODE_ERROR
    yield root, SCOPE, _served(rng, route, status)


def _span(
    rng: random.Random,
    trace_id: bytes,
    parent: bytes,
    name: str,
    kind: "Span.SpanKind.ValueType",
    begin: int,
    took_ns: int,
) -> Span:
    span = Span(trace_id=trace_id, span_id=rng.randbytes(8), parent_span_id=parent, name=name, kind=kind, flags=257)
    span.start_time_unix_nano, span.end_time_unix_nano = begin, begin + took_ns
    return span


def _served(rng: random.Random, route: str, status: int) -> dict[str, object]:
    return {
        "http.request.method": "GET",
        "http.route": route,
        "url.path": route.replace("{id}", str(rng.randrange(10**8))),
        "url.scheme": "https",
        "http.response.status_code": status,
        "server.address": "shop.example",
        "server.port": 443,
        "client.address": f"10.0.{rng.randrange(256)}.{rng.randrange(256)}",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        "network.protocol.version": "1.1",
    }


def stock_call(rng: random.Random) -> dict[str, object]:
    """The attributes of a call of another service."""
    return {
        "http.request.method": "GET",
        "url.full": f"https://stock.internal/v2/items/{rng.randrange(10**8)}",
        "http.response.status_code": 200,
        "server.address": "stock.internal",
        "server.port": 443,
        "network.protocol.version": "1.1",
    }


def _query(operation: str, table: str, query: str) -> dict[str, object]:
    return {
        "db.system.name": "postgresql",
        "db.namespace": "shop",
        "db.operation.name": operation,
        "db.collection.name": table,
        "db.query.text": query,
        "server.address": "db.internal",
        "server.port": 5432,
    }
