"""The page of prices, and the cost of a trace in the list and on its page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}


def test_the_table_is_searched_by_keyboard(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("link", name="Prices").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Prices")
    page.get_by_role("searchbox", name="Vendor or model").fill("gpt-4o-mini")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/settings/prices?q=gpt-4o-mini")
    table = page.get_by_role("region", name="Price table in use, USD per million tokens")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table.get_by_role("cell", name="0.075")).to_be_visible()


@pytest.mark.profile(**NARROW)
def test_a_narrow_page_does_not_scroll_sideways(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/settings/prices")
    expect(page.get_by_role("heading", name="Price table in use")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
