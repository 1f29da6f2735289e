"""The page of a long trace: python -m tests.benchmarks.long_trace [--spans 20000] [--passes 5].

Sends one trace through the HTTP receiver and waits until it is derived. Then, for each view: seconds the server takes
(the first time with an empty cache), bytes that come over the wire, and seconds until the first contentful paint in
Chromium, as the Paint Timing API tells it (https://www.w3.org/TR/paint-timing/). CPU seconds, those of all processes
of the server but PostgreSQL's, hold also on a busy machine. Prints Markdown.
"""

import argparse
import statistics
import time
from collections.abc import Sequence

import httpx
import psutil
import psycopg
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from playwright.sync_api import Browser, sync_playwright

from tests.agent_run import SPANS_A_STEP, long_run
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.browser.conftest import CHROMIUM, OPTIONS
from tests.fix_server import RunningServer, running_server
from web.processes.server_file import read_running

TRACE_ID = b"\x71" * 16
BATCH_SPANS = 2000
DERIVED_TIMEOUT_S = 300.0
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
TIMEOUT_MS = 60_000
PATH = f"/traces/{TRACE_ID.hex()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=20_000)
    parser.add_argument("--passes", type=int, default=5)
    options = parser.parse_args()
    spans = list(long_run(TRACE_ID, options.spans // SPANS_A_STEP, 10, stuck=False))
    with running_server() as server:
        running = read_running(server.data_dir)
        assert running is not None
        with psycopg.connect(running.database_url) as connection:
            version = connection.info.parameter_status("server_version") or "unknown"
        print(f"{machine_facts(version)}\n")
        send(server, spans)
        wait_until_derived(server, len(spans))
        last = spans[-1].span_id.hex()
        views = [
            ("waterfall, the first request of all", ""),
            ("waterfall", ""),
            ("waterfall by output tokens", "?measure=tokens"),
            ("waterfall, link to the last span", f"?span={last}"),
            ("tree", "?view=tree"),
            ("transcript", "?view=transcript"),
            ("graph", "?view=graph"),
        ]
        with sync_playwright() as playwright:
            path = CHROMIUM if CHROMIUM.exists() else None
            browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
            rows = []
            for number, (name, query) in enumerate(views):
                passes = options.passes if number else 1
                rows.append(measure(server, browser, name, query, passes))
            browser.close()
    print(f"One trace of {len(spans):,} spans; medians of {options.passes} passes.\n")
    print(
        markdown_table(
            ["Page", "server, s", "server's CPU, s", "kB over the wire", "kB of HTML", "first paint, s"], rows
        )
    )


def send(server: RunningServer, spans: Sequence[Span]) -> None:
    """Exports the spans in batches, each acknowledged before the next."""
    for begin in range(0, len(spans), BATCH_SPANS):
        request = ExportTraceServiceRequest()
        scope = request.resource_spans.add().scope_spans.add()
        scope.spans.extend(spans[begin : begin + BATCH_SPANS])
        headers = {"content-type": "application/x-protobuf"}
        answer = httpx.post(f"{server.url}/v1/traces", content=request.SerializeToString(), headers=headers, timeout=60)
        answer.raise_for_status()


def wait_until_derived(server: RunningServer, count: int) -> None:
    """Until the list counts all spans of the trace, and nothing is left to derive."""
    deadline = time.monotonic() + DERIVED_TIMEOUT_S
    while time.monotonic() < deadline:
        rows = server.get("/api/traces").json()["traces"]
        if rows and rows[0]["span_count"] == count and not server.get("/api/stats").json()["dirty"]:
            return
        time.sleep(0.2)
    raise SystemExit(f"The trace was not derived within {DERIVED_TIMEOUT_S:.0f} s.")


def measure(server: RunningServer, browser: Browser, name: str, query: str, passes: int) -> list[str]:
    """One row of the table."""
    seconds, wire, size = [], 0, 0
    cpu_begun = cpu_s(server)
    for _ in range(passes):
        begun = time.monotonic()
        with httpx.stream("GET", server.url + PATH + query, headers={"accept-encoding": "gzip"}, timeout=60) as answer:
            answer.raise_for_status()
            wire = sum(len(chunk) for chunk in answer.iter_raw())
        seconds.append(time.monotonic() - begun)
    cpu = (cpu_s(server) - cpu_begun) / passes
    size = len(httpx.get(server.url + PATH + query, timeout=60).content)
    paints = [first_paint(browser, server.url + PATH + query) for _ in range(passes)]
    return [
        name,
        f"{statistics.median(seconds):.2f}",
        f"{cpu:.2f}",
        f"{wire / 1000:.0f}",
        f"{size / 1000:.0f}",
        f"{statistics.median(paints):.2f}",
    ]


def cpu_s(server: RunningServer) -> float:
    """CPU seconds so far of the front processes and their readers."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    times = [child.cpu_times() for child in children if "postgres" not in child.name()]
    return sum(float(one.user + one.system) for one in times)


def first_paint(browser: Browser, url: str) -> float:
    """Seconds from the request to the first contentful paint, in a fresh profile."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto(url)
    page.wait_for_function(FIRST_PAINT)
    milliseconds: float = page.evaluate(FIRST_PAINT)
    context.close()
    return milliseconds / 1000


if __name__ == "__main__":
    main()
