"""The page of prices, and the cost of a trace in the list and on its page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}


def test_the_table_is_searched_by_keyboard(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Prices", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Prices")
    page.get_by_role("searchbox", name="Vendor or model").fill("gpt-4o-mini")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/settings/prices?q=gpt-4o-mini")
    table = page.get_by_role("region", name="Price table in use, USD per million tokens")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table.get_by_role("cell", name="0.075")).to_be_visible()


def unpriced_run(server: RunningServer) -> AgentRun:
    """A stored run of a priced model and one that no price file knows."""
    made = AgentRun()
    root = made.agent("support", "What does this cost?", 3)
    for number, model in enumerate(("gpt-4o-mini", "house-model-7b"), start=1):
        values = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model}
        tokens = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}
        made.span(f"chat {model}", root, number - 0.5, number, {**values, **tokens})
    made.store(server)
    return made


def test_an_unpriced_model_is_said_in_the_list_on_the_trace_and_on_the_page_of_prices(
    page: Page, server: RunningServer
) -> None:
    made = unpriced_run(server)
    page.goto(f"{server.url}/traces")
    row = page.get_by_role("row").filter(has=page.locator(f'a[href="{made.path}"]'))
    expect(row.locator("td.cost")).to_have_text("$0.000210+ and unpriced calls")
    page.goto(f"{server.url}{made.path}")
    expect(page.get_by_text("$0.000210", exact=True)).to_be_visible()
    page.get_by_role("link", name="1 unpriced model").click()
    expect(page).to_have_url(f"{server.url}/settings/prices")
    table = page.get_by_role("region", name="Models without a price")
    expect(table.get_by_role("row").filter(has_text="house-model-7b").get_by_role("cell")).to_have_text(
        ["house-model-7b", "openai", "1", "1,000", "100"]
    )


@pytest.mark.profile(**NARROW)
def test_a_narrow_page_does_not_scroll_sideways(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/settings/prices")
    expect(page.get_by_role("heading", name="Price table in use")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
