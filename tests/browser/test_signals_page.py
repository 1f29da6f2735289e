"""The page of signals: a pattern is tried, saved, found in a stored run and removed; and it fits a narrow screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.browser.conftest import ARTIFACTS
from tests.browser.waiting import reload_until_there
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}


def fill(page: Page, name: str, pattern: str) -> None:
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("combobox", name="Kind").select_option("regex")
    page.get_by_role("textbox", name="Pattern").fill(pattern)


def test_a_signal_is_tried_saved_and_found(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("link", name="Signals").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signals")
    fill(page, "parcels", r"parcel E-\d+")
    page.get_by_role("button", name="Test without saving").click()
    expect(page.get_by_text("Nothing is saved.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(f"{server.url}/signals?done=saved")
    expect(page.get_by_role("article")).to_contain_text("parcels")
    newest = page.get_by_role("article").get_by_text("The newest", exact=False)
    reload_until_there(page, newest)
    newest.click()
    expect(page.get_by_role("article").get_by_role("link").first).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Wrong match").first.click()
    newest.click()
    expect(page.get_by_text("You said: wrong match.").first).to_be_visible()
    page.screenshot(path=ARTIFACTS / "signals.png", full_page=True)
    page.get_by_role("button", name="Switch parcels off").click()
    expect(page.get_by_role("button", name="Switch parcels on")).to_be_visible()
    expect(page.get_by_role("region", name="Derived signals")).to_contain_text("tool_error:lookup_order")


@pytest.mark.profile(**NARROW)
def test_the_page_fits_a_narrow_screen(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/signals")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.screenshot(path=ARTIFACTS / "signals-narrow.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
