"""Opens random traces over HTTP, one connection kept alive, at a steady pace or one after the other."""

import http.client
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

TIMEOUT_S = 60.0
SAMPLED_MAX = 5000
# a sample of pages of the table: ordering all of a large one by random() would take longer than the measurement
SETTLED = """
SELECT encode(trace_id, 'hex') FROM rainbarrel.traces TABLESAMPLE SYSTEM (%s)
WHERE project_id = 1 AND NOT live LIMIT {limit}
"""
TRACES = "SELECT greatest(reltuples, 1)::float8 FROM pg_class WHERE oid = 'rainbarrel.traces'::regclass"


def random_trace_ids(connection: psycopg.Connection, count: int) -> list[str]:
    """Some of the settled traces, in random order."""
    row = connection.execute(TRACES).fetchone()
    assert row is not None
    percent = min(100.0, 100.0 * SAMPLED_MAX / row[0])
    found = [row[0] for row in connection.execute(SETTLED.format(limit=SAMPLED_MAX), (percent,)).fetchall()]
    if not found:
        raise AssertionError("there are no settled traces to open")
    return random.choices(found, k=count)


@dataclass
class TraceOpener(threading.Thread):
    """GETs traces until all were opened or `stop` is set; `delays_s` grows meanwhile."""

    address: str  # HOST:PORT
    trace_ids: Sequence[str]
    path: str = "/api/traces/{trace_id}"
    per_s: float = 0.0  # 0: the next as soon as one is answered
    delays_s: list[float] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        first_at = time.monotonic()
        for number, trace_id in enumerate(self.trace_ids):
            if self.per_s:
                time.sleep(max(0.0, first_at + number / self.per_s - time.monotonic()))
            if self.stop.is_set():
                break
            begun = time.monotonic()
            connection.request("GET", self.path.format(trace_id=trace_id))
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise AssertionError(f"{response.status}: {body[:500]!r}")
            self.delays_s.append(time.monotonic() - begun)
        connection.close()
