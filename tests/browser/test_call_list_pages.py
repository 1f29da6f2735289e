"""The lists of tool calls and of spans in a browser: by keyboard, through tabs and facets, from a step, 375 px wide."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


def step_of(run: AgentRun, name: str) -> str:
    """The first span of this name."""
    return str(next(span["spanId"] for span in run.spans if span["name"] == name))


def test_a_failed_call_opens_in_its_trace_by_keyboard(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/tool-calls?errors=1&q=tool:lookup_order+%22no+order+E-5120%22&limit=1000")
    row = page.locator(f'tr[data-trace="{run.trace_id}"]').first
    expect(row.locator(".state")).to_contain_text("Error")
    expect(row.get_by_title("Part of a loop")).to_be_visible()
    expect(row.locator(".error-line")).to_contain_text("OrderNotFound: no order E-5120")
    page.keyboard.press("j")
    expect(page.locator(".traces .question a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/traces/[0-9a-f]{32}\?span=[0-9a-f]{16}"))
    expect(page.locator("article.detail")).to_contain_text("OrderNotFound")


def test_tabs_keep_the_filter_and_a_facet_narrows_it(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces?q=user:user-ada&range=24h")
    tabs = page.get_by_role("navigation", name="Lists")
    tabs.get_by_role("link", name="Tool calls").click()
    expect(page).to_have_url(re.compile(r"/tool-calls\?q=user%3Auser-ada&range=24h$"))
    facets = page.get_by_role("complementary", name="Filter by value")
    facets.get_by_role("link", name=re.compile("^OrderNotFound")).click()
    expect(page).to_have_url(re.compile(r"q=user%3Auser-ada\+error%3AOrderNotFound"))
    page.get_by_role("combobox", name="Search in tools").fill("user:user-ada status:unr")
    page.get_by_role("option", name="unrecovered").click()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"status%3Aunrecovered"))
    tabs.get_by_role("link", name="Spans").click()
    expect(page).to_have_url(re.compile(r"/spans\?q=user%3Auser-ada&range=24h$"))
    page.get_by_role("link", name="Slowest first").click()
    expect(page).to_have_url(re.compile(r"order=slowest"))
    expect(page.locator(".facets-note").first).to_contain_text("were looked at")
    tabs.get_by_role("link", name="Traces").click()
    expect(page).to_have_url(re.compile(r"/traces\?q=user%3Auser-ada&range=24h$"))


def test_a_value_of_a_step_leads_to_its_list(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}{run.path}?span={step_of(run, 'execute_tool lookup_order')}")
    pane = page.locator("#trace-detail")
    pane.get_by_role("link", name="Filter by this Tool").click()
    expect(page).to_have_url(re.compile(r"/tool-calls\?q=tool%3Alookup_order$"))
    page.goto(f"{page.url}&limit=1000")  # runs of other tests are newer
    expect(page.locator(f'tr[data-trace="{run.trace_id}"]').first).to_be_visible()


@pytest.mark.profile(viewport={"width": 375, "height": 800}, color_scheme="dark")
@pytest.mark.parametrize("path", ["/tool-calls?errors=1", "/spans?order=slowest"])
def test_a_narrow_screen_has_cards(page: Page, server: RunningServer, run: AgentRun, path: str) -> None:
    page.goto(f"{server.url}{path}")
    expect(page.locator(".traces .question a").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("link", name="Filter by value").click()
    expect(page.locator("#facets")).to_be_visible()
