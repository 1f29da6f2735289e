"""The pages of alerts: a rule is made, back-tested and seen firing; in light, in dark and on a narrow screen."""

import time
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData
from playwright.sync_api import Page, expect

from tests.agent_run import agent_run
from tests.browser.conftest import ARTIFACTS
from tests.browser.waiting import DEADLINE_S, wait_until_derived
from tests.fix_server import RunningServer, running_server
from tests.spans_made import NOW, new_id

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """One without failures of other tests, which the rule would count too."""
    with running_server() as started:
        yield started


@pytest.fixture(scope="module")
def findings(server: RunningServer) -> None:
    """A stored run with four failed calls of one tool."""
    trace_id = new_id(16)
    spans = [Span.FromString(span.otlp) for span in agent_run(trace_id, 12, fails_every=3)]
    later_ns = time.time_ns() - NOW  # they were made for the moment at which the tests were collected
    for span in spans:
        span.start_time_unix_nano += later_ns
        span.end_time_unix_nano += later_ns
    body = TracesData(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])]).SerializeToString()
    sent = httpx.post(
        f"{server.url}/v1/traces", content=body, headers={"content-type": "application/x-protobuf"}, timeout=60
    )
    assert sent.status_code == 200
    server.wait_for_trace(trace_id.hex(), len(spans))
    wait_until_derived(server)


def is_as_wide_as_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def make_and_look(page: Page, server: RunningServer, name: str) -> None:
    page.goto(f"{server.url}/alerts")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("At least", exact=True).fill("3")
    page.get_by_label("counted").select_option("tool")
    page.get_by_role("button", name="Back-test").click()
    expect(page.get_by_role("status").first).to_contain_text("would have fired once in the last 7 days")
    expect(page.get_by_role("img", name="line: 3 events; over 7 days")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value(name)
    assert is_as_wide_as_the_screen(page)
    page.screenshot(path=ARTIFACTS / f"{name}-test.png", full_page=True)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    deadline = time.monotonic() + DEADLINE_S
    while httpx.get(page.url.partition("?")[0] + ".json", timeout=60).json()["state"] != "firing":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    page.goto(page.url.partition("?")[0])
    expect(page.get_by_role("region", name="History").get_by_text("firing", exact=True)).to_be_visible()
    assert is_as_wide_as_the_screen(page)
    page.screenshot(path=ARTIFACTS / f"{name}-rule.png", full_page=True)
    page.goto(f"{server.url}/alerts")
    expect(page.get_by_role("region", name="Alert rules").get_by_role("link", name=name)).to_be_visible()
    assert is_as_wide_as_the_screen(page)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)
    page.get_by_role("region", name="Alert rules").get_by_role("link", name=name).click()
    page.get_by_role("button", name="Snooze for an hour").click()
    expect(page.get_by_role("button", name="End the snooze")).to_be_visible()
    page.get_by_text("Remove this rule").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
    expect(page.get_by_role("link", name=name)).to_have_count(0)


@pytest.mark.profile(color_scheme="light")
def test_in_light(page: Page, server: RunningServer, findings: None) -> None:
    make_and_look(page, server, "alerts-light")


@pytest.mark.profile(color_scheme="dark")
def test_in_dark(page: Page, server: RunningServer, findings: None) -> None:
    make_and_look(page, server, "alerts-dark")


@pytest.mark.profile(color_scheme="light", viewport={"width": 375, "height": 700})
def test_on_a_narrow_screen(page: Page, server: RunningServer, findings: None) -> None:
    make_and_look(page, server, "alerts-narrow")
