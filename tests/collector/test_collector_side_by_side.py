"""SDK -> official collector -> Rainbarrel, and side by side to Sentry and Datadog (endpoints on loopback stand in)."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, assert_travel_agent, otel_environment, run_sender
from tests.collector.otelcol import RunningCollector, running_collector
from tests.counting_endpoint import CountingEndpoint, counting_endpoint
from tests.fix_server import RunningServer, running_server
from tests.foreign_program import free_port

pytestmark = pytest.mark.collector

BOTH = "[otlp_http/sentry, otlp_http/datadog]"
PATIENCE_S = 180.0


def side_by_side(sentry: CountingEndpoint, datadog: CountingEndpoint) -> dict[str, str]:
    return {
        "SIDE_BY_SIDE": BOTH,
        "SENTRY_OTLP_TRACES_ENDPOINT": sentry.url,
        "SENTRY_PUBLIC_KEY": "the-public-key",
        "DATADOG_OTLP_TRACES_ENDPOINT": datadog.url,
        "DD_API_KEY": "the-api-key",
    }


def send(collector: RunningCollector, protocol: str = "http/protobuf") -> str:
    """Run the travel agent against the collector; the id of its trace."""
    endpoint = collector.grpc_endpoint if protocol == "grpc" else collector.http_endpoint
    return run_sender([sys.executable, SENDERS / "python_agent.py"], otel_environment(endpoint, protocol))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not so within {PATIENCE_S} s"
        time.sleep(0.05)


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_the_same_spans_reach_rainbarrel_sentry_and_datadog(
    server: RunningServer, tmp_path: Path, protocol: str
) -> None:
    with counting_endpoint() as sentry, counting_endpoint() as datadog:
        variables = side_by_side(sentry, datadog) | {"RAINBARREL_ENDPOINT": server.grpc_endpoint}
        with running_collector(tmp_path / "otelcol.log", variables) as collector:
            trace_ids = [send(collector, protocol) for _ in range(2)]
            for trace_id in trace_ids:
                assert_travel_agent(server.wait_for_trace(trace_id, SPAN_COUNT))
            wait_until(lambda: sentry.span_counts.total() >= 2 * SPAN_COUNT)
            wait_until(lambda: datadog.span_counts.total() >= 2 * SPAN_COUNT)

    assert sentry.span_counts == datadog.span_counts == dict.fromkeys(trace_ids, SPAN_COUNT)
    assert sentry.paths == datadog.paths == {"/v1/traces"}
    assert sentry.headers["x-sentry-auth"] == "sentry sentry_key=the-public-key"
    assert (datadog.headers["dd-api-key"], datadog.headers["compute_stats"]) == ("the-api-key", "true")


def test_rainbarrel_can_be_reached_over_http_instead(server: RunningServer, tmp_path: Path) -> None:
    pipeline = "--set=service.pipelines.traces.exporters=[otlp_http/rainbarrel]"
    over_http = [f"--set=exporters.otlp_http/rainbarrel.endpoint={server.url}", pipeline]
    with running_collector(tmp_path / "otelcol.log", {}, *over_http) as collector:
        assert_travel_agent(server.wait_for_trace(send(collector), SPAN_COUNT))


def test_nobody_but_rainbarrel_gets_spans_unless_switched_on(server: RunningServer, tmp_path: Path) -> None:
    with counting_endpoint() as sentry, counting_endpoint() as datadog:
        variables = side_by_side(sentry, datadog) | {"RAINBARREL_ENDPOINT": server.grpc_endpoint}
        del variables["SIDE_BY_SIDE"]
        with running_collector(tmp_path / "otelcol.log", variables) as collector:
            assert_travel_agent(server.wait_for_trace(send(collector), SPAN_COUNT))

    # The collector has ended, and with it whatever its queues held.
    assert (sentry.requests, datadog.requests) == (0, 0)


def test_a_failing_backend_holds_up_neither_rainbarrel_nor_the_other(server: RunningServer, tmp_path: Path) -> None:
    with counting_endpoint(status=503) as sentry, counting_endpoint() as datadog:
        variables = side_by_side(sentry, datadog) | {"RAINBARREL_ENDPOINT": server.grpc_endpoint}
        with running_collector(tmp_path / "otelcol.log", variables) as collector:
            first = send(collector)
            wait_until(lambda: sentry.requests >= 1)
            second = send(collector)
            for trace_id in (first, second):
                assert_travel_agent(server.wait_for_trace(trace_id, SPAN_COUNT))
            wait_until(lambda: datadog.span_counts == {first: SPAN_COUNT, second: SPAN_COUNT})


def test_a_full_queue_of_one_backend_is_not_the_senders_business(server: RunningServer, tmp_path: Path) -> None:
    queue = "--set=exporters.otlp_http/sentry.sending_queue"
    too_small = [f"{queue}.queue_size=1024", f"{queue}.batch.min_size=1024"]
    log = tmp_path / "otelcol.log"
    with counting_endpoint() as sentry, counting_endpoint() as datadog:
        variables = side_by_side(sentry, datadog) | {"RAINBARREL_ENDPOINT": server.grpc_endpoint}
        with running_collector(log, variables, *too_small) as collector:
            trace_id = send(collector)
            assert_travel_agent(server.wait_for_trace(trace_id, SPAN_COUNT))
            wait_until(lambda: datadog.span_counts[trace_id] == SPAN_COUNT)
            wait_until(lambda: "Sender failed" in log.read_text())

    assert sentry.requests == 0


def test_spans_wait_for_a_rainbarrel_that_is_down_and_the_others_do_not(tmp_path: Path) -> None:
    port = free_port()
    with counting_endpoint() as sentry, counting_endpoint() as datadog:
        variables = side_by_side(sentry, datadog) | {"RAINBARREL_ENDPOINT": f"http://127.0.0.1:{port}"}
        with running_collector(tmp_path / "otelcol.log", variables) as collector:
            trace_id = send(collector)
            wait_until(lambda: sentry.span_counts[trace_id] == datadog.span_counts[trace_id] == SPAN_COUNT)
            with running_server("--grpc-port", str(port)) as late:
                # gRPC waits longer and longer between its attempts to connect.
                assert_travel_agent(late.wait_for_trace(trace_id, SPAN_COUNT, timeout_s=2 * PATIENCE_S))
