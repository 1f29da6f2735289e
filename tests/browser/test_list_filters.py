"""The list of traces in a browser: query bar, facets, peek and differences, by keyboard, dark, and 375 px wide."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


def test_a_query_is_written_with_suggestions_by_keyboard(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search in questions")
    expect(field).to_be_focused()
    page.keyboard.type("stat")
    suggested = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(suggested).to_have_text([re.compile("^status:")])  # of all four letters: Tab takes the first
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(field).to_have_value("status:")
    expect(suggested).to_have_count(8)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="error", exact=True)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(field).to_have_value("status:error ")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=status%3Aerror"))
    expect(page.locator(f'tr[data-trace="{run.trace_id}"]')).to_be_visible()
    page.wait_for_load_state()  # of the scripts that listen
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(suggested.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(suggested).to_have_count(0)
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).not_to_be_focused()


def test_steps_are_suggested(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    field = page.get_by_role("combobox", name="Steps of the run")
    field.fill("any fa")
    field.press("End")
    page.get_by_role("option", name=re.compile("^failed")).click()
    expect(field).to_have_value("any failed ")


@pytest.mark.profile(color_scheme="dark")
def test_a_facet_adds_and_removes_its_value(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    facets = page.get_by_role("complementary", name="Filter by value")
    facets.get_by_role("link", name=re.compile("^Loop")).click()
    expect(page).to_have_url(re.compile(r"\?q=status%3Aloop$"))
    expect(page.locator(f'tr[data-trace="{run.trace_id}"] .ring').first).to_be_visible()
    facets.get_by_role("link", name=re.compile("^Loop remove this filter")).click()
    expect(page).to_have_url(re.compile(r"/traces$"))


@pytest.mark.profile(viewport={"width": 375, "height": 800})
def test_a_narrow_screen_opens_the_facets_without_a_script(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    facets = page.locator("#facets")
    expect(facets).to_be_hidden()
    page.get_by_role("link", name="Filter by value").click()
    expect(facets).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(facets).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("link", name="What differs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Traces")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_peek_comes_with_a_key_and_with_the_pointer(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces?q=parcel+E-5120")
    page.keyboard.press("j")
    expect(page.locator(f'tr[data-trace="{run.trace_id}"]').get_by_role("link")).to_be_focused()
    page.keyboard.press("p")
    card = page.locator("#peek")
    expect(card).to_be_visible()
    expect(card).to_contain_text("Where is my parcel E-5120?")
    expect(card.locator(".in-error").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.locator(f'tr[data-trace="{run.trace_id}"] .duration').hover()
    expect(card).to_be_visible()


def test_a_fault_in_the_query_is_told_below_it(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces/differences?of=loop")
    expect(page.get_by_role("link", name="Looping")).to_have_attribute("aria-current", "page")
    page.get_by_role("combobox", name="Search in questions").fill("words then a value")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"differences\?q=words\+then\+a\+value&of=loop$"))
    expect(page.get_by_role("heading", name="No trace matches this filter.")).to_be_visible()
