"""A person says in the pane of a failed call that it is none, and takes it back; by clicks alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}


def failed_call(server: RunningServer) -> AgentRun:
    made = support_run("Is this an error?")
    made.store(server)
    return made


def test_a_failure_is_judged_in_its_pane(page: Page, server: RunningServer) -> None:
    made = failed_call(server)
    page.goto(f"{server.url}{made.path}")
    form = page.get_by_role("form", name="Is this failure right?")
    expect(form).to_be_visible()
    form.get_by_text("More", exact=True).click()
    form.get_by_role("textbox", name="Note").fill("the probe is meant to fail")
    form.get_by_role("button", name="Not an error").click()
    expect(form).to_contain_text("not an error")
    expect(form).to_contain_text("the probe is meant to fail")
    expect(page.locator(".detail-head .chip").first).to_be_visible()
    page.goto(f"{server.url}/settings/verdicts")
    expect(page.get_by_role("region", name="Verdicts")).to_contain_text("the probe is meant to fail")
    page.get_by_role("region", name="Verdicts").get_by_role("link").first.click()
    page.get_by_role("form", name="Is this failure right?").get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Not an error")).to_be_visible()


@pytest.mark.profile(**NARROW)
def test_the_forms_fit_a_narrow_page(page: Page, server: RunningServer) -> None:
    made = failed_call(server)
    page.goto(f"{server.url}{made.path}")
    form = page.get_by_role("form", name="Is this failure right?")
    expect(form.get_by_role("button", name="Right", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
