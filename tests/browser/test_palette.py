"""The palette: from any page by keyboard to a trace, a tool or a page; without scripts as a plain form."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.browser.conftest import ARTIFACTS
from tests.fix_server import RunningServer
from web.lists.typed_ids import datadog_id

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}


def test_by_keyboard_to_a_tool_and_to_a_trace(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/settings/prices")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Id, page, tool, user or issue")
    expect(field).to_be_focused()
    with page.expect_response(lambda answer: answer.url.endswith("to=lookup_or")):
        field.fill("lookup_or")
    expect(field).not_to_have_class(re.compile("htmx-request"))  # no other answer is on its way
    tool = page.get_by_role("option").filter(has_text="tool").first
    expect(tool).to_contain_text("lookup_order")
    page.screenshot(path=ARTIFACTS / "palette.png")
    serious = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert serious == []
    index = int((tool.get_attribute("id") or "").rpartition("-")[2])
    for _ in range(index):
        page.keyboard.press("ArrowDown")
    expect(tool).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", f"palette-{index}")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/tools/lookup_order")
    page.wait_for_load_state()  # of the scripts that listen
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type(datadog_id(bytes.fromhex(run.trace_id)))
    page.keyboard.press("Enter")  # faster than the suggestions may be
    page.wait_for_url(f"**{run.path}*")


def test_escape_closes_it_and_the_button_opens_it(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("link", name="Go to", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(f"{server.url}/traces")


@pytest.mark.profile(**NARROW, java_script_enabled=False)
def test_without_scripts_it_is_a_form(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/issues")
    page.get_by_role("link", name="Go to", exact=True).click()
    page.get_by_role("searchbox", name="Id, page, tool, user or issue").fill("nothing of this name")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Nothing that is stored is called")
    page.get_by_role("searchbox", name="Id, page, tool, user or issue").fill(run.trace_id.upper())
    page.get_by_role("button", name="Go").click()
    expect(page).to_have_url(server.url + run.path)
