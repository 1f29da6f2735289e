"""How many clicks it takes: to the arguments of the tool call that fails most, and from an alert to its loop."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.fix_server import RunningServer, running_server

pytestmark = pytest.mark.browser

TO_ARGUMENTS_MAX, TO_FIRST_REPEAT_MAX = 4, 2
DEADLINE_S = 120.0


class Reader:
    """Clicks, and counts it."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1


@pytest.fixture(scope="module")
def told() -> Iterator[list[Any]]:
    """The messages that an endpoint of one's own got."""
    messages: list[Any] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as listening:
        messages.append(f"http://127.0.0.1:{listening.server_address[1]}/")
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield messages
        listening.shutdown()


@pytest.fixture(scope="module")
def failing(told: list[Any]) -> Iterator[tuple[RunningServer, AgentRun]]:
    """A server with a rule for loops that tells the endpoint, and then a run whose tool fails alike three times."""
    with running_server() as server, httpx.Client(base_url=server.url, timeout=60) as client:
        channel = {"kind": "webhook", "name": "pager", "url": told.pop(), "secret": "s" * 16}
        made = client.post("/api/channels", data=channel)
        assert made.status_code == 201, made.text
        definition = {"kind": "match", "filters": {"kinds": ["loop"]}}
        rule = {"name": "loops", "definition": definition, "channel_ids": [made.json()["id"]]}
        made = client.post("/api/alerts", json=rule)
        assert made.status_code == 201, made.text
        run = support_run("Where is my parcel E-5120?")
        run.store(server)
        yield server, run


def test_to_the_arguments_of_the_tool_call_that_fails_most(page: Page, failing: tuple[RunningServer, AgentRun]) -> None:
    server, _ = failing
    reader = Reader()
    page.goto(server.url)
    issues = page.get_by_role("region", name="Top issues", exact=True)
    reader.click(issues.get_by_role("link").filter(has_text="Tool error").first)
    reader.click(page.get_by_role("region", name="Examples").last.get_by_role("link").first)
    expect(page.locator("#trace-detail")).to_contain_text("E-5120")
    expect(page.get_by_role("heading", name="Arguments").first).to_be_in_viewport()
    assert reader.clicks <= TO_ARGUMENTS_MAX


def test_from_an_alert_to_the_first_repeat(
    page: Page, failing: tuple[RunningServer, AgentRun], told: list[Any]
) -> None:
    _, run = failing
    deadline = time.monotonic() + DEADLINE_S
    while not told:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    lines = [line for section in told[0]["message"]["sections"] for line in section["lines"]]
    links = [line["url"] for line in lines if run.trace_id in line["url"]]
    reader = Reader()
    page.goto(links[0])
    reader.click(page.locator("a.chip.is-loop").first)
    first = next(span for span in run.spans if span["name"] == "execute_tool lookup_order")
    expect(page.locator("#trace-detail article")).to_have_attribute("data-span", first["spanId"])
    expect(page.locator("#trace-detail")).to_contain_text("1 of 3")
    assert reader.clicks <= TO_FIRST_REPEAT_MAX
