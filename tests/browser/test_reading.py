"""Every reader can read: without scripts, in the dark, on a phone; and what senders write stays text."""

import itertools

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.browser.conftest import TIMEOUT_MS
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PHONE = {"width": 375, "height": 800}


@pytest.mark.profile(java_script_enabled=False)
def test_without_scripts_everything_can_be_read(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("link", name="Where is my parcel E-5120?").click()
    page.locator(".row", has_text="send_mail").get_by_role("link").click()
    expect(page.locator('.row[aria-selected="true"]')).to_contain_text("send_mail")
    for part in ("Input and output", "Attributes", "Events", "Logs", "Links", "Resource and scope", "OTLP JSON"):
        expect(page.get_by_role("region", name=part, exact=True)).to_be_visible()
    expect(page.locator(".facts time")).to_contain_text("UTC")


@pytest.mark.profile(color_scheme="dark")
def test_the_theme_follows_the_system_until_it_is_switched(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    body = page.locator("body")
    expect(body).to_have_css("background-color", "rgb(17, 19, 21)")
    expect(page.locator(".bar.on-error").first).to_have_css("background-color", "rgb(229, 72, 77)")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(body).to_have_css("background-color", "rgb(250, 250, 249)")
    page.reload()
    expect(body).to_have_css("background-color", "rgb(250, 250, 249)")


@pytest.mark.profile(viewport=PHONE)
@pytest.mark.parametrize(
    "path", ["/traces", "/traces?q=nothing+like+it&errors=1", "trace"], ids=["list", "no_hits", "trace"]
)
def test_no_page_scrolls_sideways_on_a_phone(page: Page, server: RunningServer, run: AgentRun, path: str) -> None:
    page.goto(server.url + (run.path if path == "trace" else path))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.profile(viewport=PHONE, java_script_enabled=False)  # a page that does not change by itself
@pytest.mark.parametrize("length_s", [1.0, 1.3, 2.1, 6.9, 7.5, 93.0, 5400.0])
def test_on_a_phone_times_and_headings_of_the_axis_do_not_overlap(
    page: Page, server: RunningServer, length_s: float
) -> None:
    run = AgentRun()
    run.start_unix_nano -= int(length_s) * 1_000_000_000
    run.agent("Support agent", "How wide is this?", length_s)
    run.store(server)
    page.goto(server.url + run.path)
    words = page.locator(".axis > .number, .scale i:visible").evaluate_all(
        """elements => elements.map(element => {
            const range = document.createRange();
            range.selectNodeContents(element);
            const box = range.getBoundingClientRect();
            return [box.left, box.right, element.textContent];
        })"""
    )
    assert len(words) == 3
    for (_, right, text), (left, _, next_text) in itertools.pairwise(sorted(words)):
        assert right < left, (text, next_text)


@pytest.mark.profile(viewport=PHONE)
def test_on_a_phone_a_step_brings_its_details_into_view(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.locator(".row", has_text="send_mail").get_by_role("link").click()
    heading = page.get_by_role("heading", level=2)
    expect(heading).to_have_text("execute_tool send_mail")
    expect(heading).to_be_in_viewport()


def test_what_senders_write_is_never_markup(page: Page, server: RunningServer) -> None:
    run = AgentRun(service_name=SCRIPT)
    agent = run.agent(SCRIPT, SCRIPT, 3)
    event = [{"name": SCRIPT, "timeUnixNano": agent["startTimeUnixNano"], "attributes": []}]
    tool = run.tool(
        agent, SCRIPT, 1, 2, {SCRIPT: SCRIPT}, result={"text": SCRIPT}, events=event, status={"message": SCRIPT}
    )
    run.store(server)
    page.goto(f"{server.url}/traces")
    expect(page.locator(f'tr[data-trace="{run.trace_id}"]')).to_contain_text(SCRIPT)
    page.goto(f"{server.url}{run.path}?span={tool['spanId']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(SCRIPT)
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
    page.locator(".row").first.click()
    expect(page.locator("#trace-detail pre").first).to_contain_text(SCRIPT)
    expect(page.locator("img:not([role])")).to_have_count(0)
    expect(page.locator("main script")).to_have_count(0)


def test_an_unknown_trace_says_so(browser, server: RunningServer) -> None:
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    response = page.goto(f"{server.url}/traces/{'12' * 16}")
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_contain_text("is stored: it was never received")
    page.close()
