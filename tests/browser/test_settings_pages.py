"""The settings pages: dialects seen and a mapping of one's own, in light, dark and on a narrow screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}
MAPPING = """
[[dialect]]
name = "our ids"
fields = { user_id = "our.customer" }
"""


def test_the_dialects_of_what_is_stored(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send data")
    expect(page.locator("#environment-text")).to_contain_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={server.url}")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Dialects").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dialects seen")
    table = page.get_by_role("region", name="Dialects seen")
    expect(table.get_by_role("row").nth(1)).to_be_visible()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Your mapping").click()
    expect(page).to_have_url(f"{server.url}/settings/mappings")
    current = page.get_by_role("navigation", name="Settings").locator("[aria-current=page]")
    expect(current).to_have_text("Your mapping")


@pytest.mark.profile(color_scheme="dark")
def test_a_mapping_is_tested_before_it_is_saved(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/settings/mappings")
    page.get_by_role("textbox", name="Mapping (TOML)").fill(MAPPING)
    page.get_by_role("textbox", name="Stored spans to test it on").fill(run.trace_id)
    page.get_by_role("button", name="Test without saving").click()
    tested = page.get_by_role("region", name="Result of the test")
    expect(tested.get_by_role("status")).to_contain_text("Nothing is saved.")
    expect(tested.get_by_role("table").first).to_be_visible()
    expect(page.get_by_role("textbox", name="Mapping (TOML)")).to_have_value(MAPPING)


@pytest.mark.profile(**NARROW)
@pytest.mark.parametrize(
    ("path", "name"),
    [("/", "Overview"), ("/conversations", "Conversations"), ("/alerts", "Alerts"), ("/settings/dialects", "Settings")],
)
def test_on_a_narrow_page_the_current_entry_is_in_sight(
    page: Page, server: RunningServer, path: str, name: str
) -> None:
    page.goto(server.url + path)
    current = page.get_by_role("navigation", name="Main").get_by_role("link", name=name)
    expect(current).to_have_attribute("aria-current", "page")
    expect(current).to_be_in_viewport(ratio=1)


@pytest.mark.profile(**NARROW)
@pytest.mark.parametrize("name", ["dialects", "mappings", "ingest", "receipts", "storage"])
def test_a_narrow_page_does_not_scroll_sideways(page: Page, server: RunningServer, run: AgentRun, name: str) -> None:
    page.goto(f"{server.url}/settings/{name}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.profile(**NARROW)
def test_the_rail_holds_nine_entries_in_one_row(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    entries = page.get_by_role("navigation", name="Main").get_by_role("listitem")
    expect(entries).to_have_count(9)
    tops = {entries.nth(index).evaluate("entry => entry.getBoundingClientRect().top") for index in range(9)}
    assert len(tops) == 1
    assert page.locator(".rail").evaluate("rail => rail.getBoundingClientRect().height") <= 46
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    entries.nth(8).get_by_role("link").focus()
    expect(entries.nth(8)).to_be_in_viewport(ratio=0.99)  # of whole pixels
