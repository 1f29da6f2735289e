"""The page of a conversation: in light, in dark and on a narrow screen."""

import time

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTIFACTS
from tests.browser.waiting import DEADLINE_S, wait_until_derived
from tests.client_only_run import QUESTION, client_only_run
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser
RUN = 7
REFUSED = "the restaurant refused"


@pytest.fixture(scope="module")
def conversation(server: RunningServer) -> str:
    """A stored run of which each model call is a trace of its own; the URL of its page."""
    traces = client_only_run(RUN, [REFUSED] * 4 + [None], conversation_id="a table in Oslo")
    spans = [Span.FromString(span.otlp) for trace in traces for span in trace]
    body = TracesData(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])]).SerializeToString()
    sent = httpx.post(
        f"{server.url}/v1/traces", content=body, headers={"content-type": "application/x-protobuf"}, timeout=60
    )
    assert sent.status_code == 200
    path = "/conversations/a%20table%20in%20Oslo"
    deadline = time.monotonic() + DEADLINE_S
    while True:
        found = server.get(f"{path}.json")
        if found.status_code == 200 and found.json()["total"] == 6 and found.json()["traces"][4]["loop_count"]:
            break
        assert time.monotonic() < deadline, found.text
        time.sleep(0.1)
    wait_until_derived(server)
    return server.url + path


def check(page: Page, url: str, name: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("a table in Oslo")
    parts = page.get_by_role("list", name="Traces and interactions, oldest first").get_by_role("listitem")
    expect(parts).to_have_count(6)
    expect(page.get_by_role("status").first).to_have_text("Showing 6 of 6 traces")
    expect(parts.first).to_contain_text(QUESTION)
    expect(parts.nth(1)).to_contain_text(REFUSED)
    expect(parts.nth(1)).to_contain_text("recovered")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


@pytest.mark.profile(color_scheme="light")
def test_light(page: Page, conversation: str) -> None:
    check(page, conversation, "conversation-light")
    page.get_by_role("link", name=QUESTION).nth(2).click()
    header = page.locator("#trace-header")
    expect(header).to_contain_text("part 3 of 6 of this conversation")
    header.get_by_role("link", name="next").click()
    expect(header).to_contain_text("part 4 of 6")
    header.get_by_role("link", name="part 4 of 6").click()
    expect(page).to_have_url(conversation)


def test_lanes_lead_to_their_step_and_the_switch_keeps_failures(page: Page, conversation: str) -> None:
    page.goto(conversation)
    lanes = page.get_by_role("region", name="What each agent did")
    expect(lanes.locator(".lane-step.at-llm")).to_have_count(6)
    expect(lanes.locator(".lane-step.on-error.is-loop, .lane-step.on-soft_error.is-loop")).to_have_count(4)
    switch = page.get_by_role("switch", name="Failures only")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.press("Enter")
    expect(page).to_have_url(f"{conversation}?failures=1")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(lanes.locator(".lane-step.at-llm")).to_have_count(0)
    expect(lanes.get_by_role("status")).to_contain_text("that failed or stand in a loop")
    expect(page.get_by_role("note")).to_contain_text("without failures not shown")
    lanes.locator(".lane-step.on-error, .lane-step.on-soft_error").first.click()
    expect(page.locator("#trace-detail")).to_be_visible()


@pytest.mark.profile(color_scheme="dark")
def test_dark(page: Page, conversation: str) -> None:
    check(page, conversation, "conversation-dark")


@pytest.mark.profile(viewport={"width": 375, "height": 800})
def test_narrow(page: Page, conversation: str) -> None:
    check(page, conversation, "conversation-narrow")
