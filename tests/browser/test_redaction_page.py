"""The settings of redaction: rules are typed, tried on what is stored, and saved; wide, dark and on a narrow screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}


@pytest.mark.profile(color_scheme="dark")
def test_rules_are_tried_and_what_is_typed_stays(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/settings/redaction")
    expect(page.get_by_text("None is in force")).to_be_visible()
    page.get_by_label("E-mail addresses: action").select_option("keyed hash")
    page.get_by_label("Rule 1: name").fill("vowel")
    page.get_by_label("Rule 1: pattern").fill("(?i)[aeiou]+")
    page.get_by_role("button", name="Add a line").click()
    page.get_by_label("Rule 2: name").fill("never")
    page.get_by_label("Rule 2: pattern").fill("zzzzzz")
    page.get_by_role("button", name="Try without saving").click()
    tried = page.get_by_role("region", name="What they would replace")
    expect(tried.get_by_role("status")).to_contain_text("Nothing is saved.")
    expect(tried.get_by_role("cell").filter(has_text="[vowel]").first).to_be_visible()
    expect(tried.get_by_text("never 0 hits")).to_be_visible()
    expect(page.get_by_label("Rule 1: pattern")).to_have_value("(?i)[aeiou]+")
    expect(page.get_by_label("E-mail addresses: action")).to_have_value("hash")


@pytest.mark.profile(**NARROW)
def test_rules_are_saved_and_taken_back_on_a_narrow_page(page: Page, server: RunningServer) -> None:
    page.goto(f"{server.url}/settings/redaction")
    for name, pattern, told in (("never", "zzzzzz", "1 rule in force"), ("", "", "None is in force")):
        page.get_by_label("Rule 1: name").fill(name)
        page.get_by_label("Rule 1: pattern").fill(pattern)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").first).to_contain_text("Saved.")
        expect(page.get_by_text(told)).to_be_visible()
        expect(page.get_by_label("Rule 1: pattern")).to_have_value(pattern)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
