"""The page of tool rules: others are tried on a stored run; and it fits a narrow screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.browser.conftest import ARTIFACTS
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

RULES = """
[[rule]]
tool = "*"
path = "$"
condition = "exists"
status = "ok"
"""


def try_them(page: Page, server: RunningServer, name: str) -> None:
    page.goto(f"{server.url}/settings/dialects")
    page.get_by_role("link", name="Tool rules").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tool rules")
    page.get_by_label("Your rules (TOML)").fill(RULES)
    page.get_by_role("button", name="Try on stored calls").click()
    expect(page.get_by_role("status").first).to_contain_text("nothing is saved")
    expect(page.get_by_role("region", name="Calls that change").get_by_text("saved.1").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def test_rules_are_tried(page: Page, server: RunningServer, run: AgentRun) -> None:
    try_them(page, server, "tool-rules")


@pytest.mark.profile(viewport={"width": 375, "height": 800}, color_scheme="dark")
def test_rules_are_tried_on_a_narrow_screen(page: Page, server: RunningServer, run: AgentRun) -> None:
    try_them(page, server, "tool-rules-narrow")
