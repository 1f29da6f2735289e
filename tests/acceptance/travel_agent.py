"""What the travel agents of tests/acceptance/senders did, whoever reported it: how they are run, and the true tree."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SENDERS = Path(__file__).parent / "senders"
SPAN_COUNT = 5
SEND_TIMEOUT_S = 120.0
# Variables of the machine that would change what a sender does.
FOREIGN = (
    "OTEL_",
    "RAINBARREL_",
    "RAINDROP_",
    "TRACELOOP_",
    "NODE_",
    "PYTHON",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)


def run_sender(command: Sequence[object], environment: Mapping[str, str]) -> str:
    """Run an agent to its end; the id of its trace. Whatever it writes to standard error is a failed export."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN)}
    finished = subprocess.run(
        [str(word) for word in command],
        env=inherited | dict(environment),
        capture_output=True,
        text=True,
        timeout=SEND_TIMEOUT_S,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stderr
    return finished.stdout.splitlines()[-1]


def otel_environment(endpoint: str, protocol: str, **more: str) -> dict[str, str]:
    """The variables with which any OpenTelemetry SDK is pointed somewhere."""
    return {
        "OTEL_SERVICE_NAME": "travel",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        **more,
    }


def outline(trace: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """The tree as (depth, type, name), in the order of the page."""
    return [(span["depth"], span["type"], span["name"]) for span in trace["spans"]]


def assert_travel_agent(trace: Mapping[str, Any]) -> None:
    """The derived trace tells what the agent of python_agent.py and agent.mjs did."""
    assert outline(trace) == [
        (0, "agent", "invoke_agent travel-agent"),
        (1, "llm", "chat gpt-4o-mini"),
        (1, "tool", "execute_tool get_weather"),
        (1, "tool", "execute_tool book_flight"),
        (1, "llm", "chat gpt-4o-mini"),
    ]
    root = trace["spans"][0]
    assert trace["roots"] == [root["span_id"]]
    assert [span["parent_span_id"] for span in trace["spans"][1:]] == [root["span_id"]] * 4
    assert trace["span_count"] == SPAN_COUNT
    assert trace["agents"] == ["travel-agent"]
    assert_calls(trace)


def assert_calls(trace: Mapping[str, Any]) -> None:
    """Both model calls, both tool calls, one of them failed, and who asked for them: true for every sender."""
    llm_spans = [span["span_id"] for span in trace["spans"] if span["type"] == "llm"]
    tool_spans = [span["span_id"] for span in trace["spans"] if span["type"] == "tool"]

    assert [call["span_id"] for call in trace["llm_calls"]] == llm_spans
    for call in trace["llm_calls"]:
        assert (call["model"], call["provider"]) == ("gpt-4o-mini", "openai")
        assert (call["input_tokens"], call["output_tokens"], call["error"]) == (21, 7, None)
    assert (trace["input_tokens"], trace["output_tokens"]) == (42, 14)

    weather, flight = trace["tool_calls"]
    assert [weather["span_id"], flight["span_id"]] == tool_spans
    assert (weather["name"], weather["status"], weather["arguments"]) == ("get_weather", "ok", {"city": "Boston"})
    assert weather["result"]["forecast"] == "sunny"
    assert (flight["name"], flight["status"], flight["arguments"]) == ("book_flight", "error", {"to": "BOS"})
    assert flight["error"]["message"] == "payment gateway timed out"
    assert "PaymentTimeout" in flight["error"]["type"]
    assert [weather["call_id"], flight["call_id"]] == ["call_1", "call_2"]
    assert [weather["asked_by"], flight["asked_by"]] == [llm_spans[0]] * 2

    assert trace["conversation_id"].startswith("conversation-")  # of its own: the same failures again would be a loop
    assert trace["user_id"] == "user-1"
    assert trace["input"] == "Book me a flight to Boston if it is sunny."
    assert trace["output"] == "It is sunny in Boston, but the flight could not be booked."
    assert trace["loops"] == []
