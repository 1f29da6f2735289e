"""Issues and tools as people use them: from the list to the failing step, and what they say of an issue."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.fix_server import RunningServer, running_server

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).resolve().parents[2] / ".ci" / "artifacts"
NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}
WITHOUT_SCRIPT = {"java_script_enabled": False}


@pytest.fixture(scope="module")
def new_server() -> Iterator[RunningServer]:
    with running_server() as started:
        yield started


@pytest.fixture(scope="module")
def failing(server: RunningServer) -> AgentRun:
    made = support_run("Which parcel of mine is lost?")
    made.store(server)
    return made


def test_from_the_list_to_the_failing_step_and_back(page: Page, server: RunningServer, failing: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Issues").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Issues")
    table = page.get_by_role("region", name="Issues")
    expect(table.get_by_text("Loop", exact=True).first).to_be_visible()
    page.screenshot(path=SHOTS / "issues_light.png")
    page.get_by_role("combobox", name="Kind").select_option("tool_error")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(f"{server.url}/issues?q=&range=&kind=tool_error&status=")
    table.get_by_role("link").filter(has_text="Tool error").filter(has_text="lookup_order").first.click()
    expect(page.get_by_role("img", name="events, most of them at")).to_be_visible()
    shapes = page.get_by_role("region", name="Arguments")
    expect(shapes.locator("[data-state]").first).to_be_visible()
    expect(shapes.get_by_role("link", name="newest").first).to_have_attribute("href", re.compile(r"^/traces/.+span="))
    page.screenshot(path=SHOTS / "issue_light.png", full_page=True)
    issue = page.url
    page.get_by_role("region", name="Examples").last.get_by_role("link").first.click()
    page.get_by_role("link", name="Whom this met, and since when").click()
    expect(page).to_have_url(issue.partition("?")[0])


@pytest.mark.profile(**WITHOUT_SCRIPT)
def test_what_people_say_needs_no_script(page: Page, server: RunningServer, failing: AgentRun) -> None:
    page.goto(f"{server.url}/issues?kind=loop")
    page.get_by_role("region", name="Issues").get_by_role("link").filter(has_text="Loop").first.click()
    page.get_by_label("Assignee").fill("Kim")
    page.get_by_label("Note").fill("<i>known</i>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Note")).to_have_value("<i>known</i>")
    page.get_by_label("Until users").fill("40")
    page.get_by_role("button", name="Ignore").click()
    expect(page.get_by_text("until 40 users")).to_be_visible()
    page.get_by_label("In release").fill("9.9")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".issue-status")).to_have_text("Resolved")
    expect(page.locator(".issue-head")).to_contain_text("resolved in 9.9")
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator(".issue-status")).to_have_text("Ongoing")
    expect(page.locator(".issue-head")).to_contain_text("Kim")


@pytest.mark.profile(**NARROW)
@pytest.mark.parametrize("path", ["/issues", "/tools"])
def test_narrow_and_dark(page: Page, server: RunningServer, failing: AgentRun, path: str) -> None:
    page.goto(server.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=SHOTS / f"{path[1:]}_narrow_dark.png")
    if path == "/issues":
        page.get_by_role("region", name="Issues").get_by_role("link").filter(has_text="Loop").first.click()
        expect(page.get_by_role("heading", name="What is done about it")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=SHOTS / "issue_narrow_dark.png", full_page=True)


def test_tools_lead_to_their_issues(page: Page, server: RunningServer, failing: AgentRun) -> None:
    page.goto(f"{server.url}/tools")
    expect(page.get_by_role("status").filter(has_text="tool")).to_contain_text("Showing")
    page.screenshot(path=SHOTS / "tools_light.png")
    row = page.locator(".tool-table tbody tr", has=page.locator("a[href='/tools/lookup_order']"))
    row.locator("a[href^='/issues']").click()
    expect(page.get_by_role("region", name="Issues")).to_be_visible()
    page.goto(f"{server.url}/tools")
    row.locator("a[href='/tools/lookup_order']").click()
    table = page.get_by_role("table", name="Calls by how long they took")
    expect(table.locator("td[class^='heat-']").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=SHOTS / "tool_light.png")


def test_a_cell_of_the_durations_leads_to_its_calls_by_keyboard(page: Page, server: RunningServer) -> None:
    step_ns = 6 * 3600 * 10**9  # of a page about seven days
    weighed = AgentRun(start_unix_nano=(time.time_ns() // step_ns - 1) * step_ns)
    agent = weighed.agent("Weigher", "How heavy are they?", 8)
    for start_s, lasts_s in ((0, 0.02), (1, 0.02), (2, 5)):
        weighed.tool(agent, "weigh", start_s, start_s + lasts_s, {"parcel": start_s}, result={"kg": start_s})
    weighed.store(server)
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto(f"{server.url}/tools/weigh")
    cells = page.get_by_role("table", name="Calls by how long they took").get_by_role("link")
    expect(cells).to_have_count(2)
    expect(cells.first).to_be_in_viewport()  # the newest end of the table
    cells.first.focus()
    page.keyboard.press("ArrowDown")
    expect(cells.last).to_be_focused()
    expect(cells.last).to_have_accessible_name(re.compile("^2 calls of 10 ms to 30 ms, "))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/tool-calls\?.*tool=weigh&q=duration%3E%3D10ms\+duration%3C30ms$"))
    expect(page.locator(f'tr[data-trace="{weighed.trace_id}"]')).to_have_count(2)


def test_an_issue_of_loops_leads_to_their_calls(page: Page, server: RunningServer, failing: AgentRun) -> None:
    page.goto(f"{server.url}{failing.path}")
    page.get_by_role("link", name="Whom this loop met").click()
    page.get_by_role("link", name="Calls of the loops").click()
    expect(page).to_have_url(re.compile(r"/tool-calls\?issue=[0-9a-f]+$"))
    calls = page.locator(f'tr[data-trace="{failing.trace_id}"]')
    expect(calls).to_have_count(3)
    expect(calls.get_by_title("Part of a loop")).to_have_count(3)


@pytest.mark.parametrize("path", ["/issues", "/tools"])
def test_an_empty_page_shows_the_command_that_fills_it(page: Page, new_server: RunningServer, path: str) -> None:
    page.goto(new_server.url + path)
    expect(page.locator("#recipe-demo")).to_contain_text(f"rainbarrel demo --url {new_server.url}")
    page.screenshot(path=SHOTS / f"{path[1:]}_empty.png")
