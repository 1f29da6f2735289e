"""What real senders report, as a reader sees it: from the list to the tree, with its icons and its red failure.

A sender that is not installed here is not collected; tests/acceptance checks the same runs field by field.
"""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.installed_senders import has_javascript, has_raindrop, node, raindrop_python, rotel_agent
from tests.acceptance.rotel_process import running_rotel
from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, otel_environment, run_sender
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

QUESTION = "Book me a flight to Boston if it is sunny."
RED = "rgb(213, 50, 60)"
PYTHON_AGENT = [sys.executable, SENDERS / "python_agent.py"]


def installed() -> list[str]:
    """The senders that this machine has, each with the protocol that it speaks."""
    javascript = ["javascript http/json", "javascript http/protobuf"] if has_javascript() else []
    rotel = ["rotel grpc", "rotel http/protobuf"] if rotel_agent() is not None else []
    return ["python grpc", "python http/protobuf", *javascript, *rotel, *(["raindrop"] if has_raindrop() else [])]


def send(sender: str, server: RunningServer, log: Path) -> str:
    """Run the agent; the id of its trace, once all of it is stored."""
    name, _, protocol = sender.partition(" ")
    endpoint = server.grpc_endpoint if protocol == "grpc" else server.url
    if name == "rotel":
        with running_rotel(protocol.partition("/")[0], endpoint, log) as endpoints:
            trace_id = run_sender(PYTHON_AGENT, otel_environment(endpoints[protocol], protocol))
            server.wait_for_trace(trace_id, SPAN_COUNT)
            return trace_id
    if name == "raindrop":
        command = [raindrop_python(), SENDERS / "raindrop_agent.py", f"{server.url}/v1"]
        trace_id = run_sender(command, {"TRACELOOP_TELEMETRY": "false"})
    else:
        command = [node(), SENDERS / "javascript" / "agent.mjs"] if name == "javascript" else PYTHON_AGENT
        trace_id = run_sender(command, otel_environment(endpoint, protocol))
    server.wait_for_trace(trace_id, SPAN_COUNT)
    return trace_id


def steps(sender: str) -> list[tuple[str, str]]:
    """The rows that the page has to show, as (type, name)."""
    root, model_call = ("agent", "travel-agent"), ("llm", "chat gpt-4o-mini")
    if sender == "raindrop":
        root, model_call = ("chain", "travel-agent.workflow"), ("llm", "openai.chat")
    return [root, model_call, ("tool", "get_weather"), ("tool", "book_flight"), model_call]


@pytest.mark.parametrize("sender", installed())
def test_the_run_of_a_sender_is_seen(page: Page, server: RunningServer, sender: str, tmp_path: Path) -> None:
    trace_id = send(sender, server, tmp_path / "rotel.log")

    page.goto(f"{server.url}/traces")
    page.locator(f'tr[data-trace="{trace_id}"]').get_by_role("link", name=QUESTION).click()

    expect(page).to_have_url(re.compile(rf"/traces/{trace_id}\b"))
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    expect(page.locator("#trace-header")).to_contain_text("1 tool error")
    rows = page.get_by_role("treegrid", name="Steps and their times").locator(".row")
    expect(rows).to_have_count(SPAN_COUNT)
    for index, (kind, name) in enumerate(steps(sender)):
        row = rows.nth(index)
        expect(row).to_have_attribute("aria-level", "1" if index == 0 else "2")
        expect(row.locator(".label")).to_have_text(name)
        expect(row.locator(".kind")).to_have_attribute("title", kind)
        expect(row.locator(".kind use")).to_have_attribute("href", re.compile(rf"icons\.svg\?v=\w+#{kind}$"))
        fails = name == "book_flight"
        expect(row.get_by_title(re.compile("^Error: "))).to_have_count(1 if fails else 0)
        bar = expect(row.locator(".bar"))
        if fails:
            bar.to_have_css("background-color", RED)
        else:
            bar.not_to_have_css("background-color", RED)
    expect(page.locator("#trace-detail .why")).to_contain_text("payment gateway timed out")
