"""The run as a conversation, beside the tree."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

PHONE = {"width": 375, "height": 800}


def open_transcript(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}{run.path}?view=transcript")
    expect(page.locator(".turn").first).to_contain_text("Where is my parcel E-5120?")


def test_it_tells_what_was_asked_and_called(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_transcript(page, server, run)
    expect(page.locator(".turn.is-tool", has_text="stock_level")).to_contain_text("soft error")
    loop = page.locator("summary", has_text="lookup_order ×3, same error")
    failed = page.locator(".turn.is-tool", has_text="lookup_order").first
    loop.click()
    expect(failed).to_contain_text("OrderNotFound: no order E-5120")
    failed.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"\?view=transcript&(unfold=\w+&)?span=[0-9a-f]{16}$"))
    expect(page.get_by_role("heading", level=2)).to_contain_text("lookup_order")
    expect(failed).to_have_attribute("aria-current", "true")


def test_keys_walk_and_open_what_is_folded(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_transcript(page, server, run)
    page.keyboard.press("g")
    page.keyboard.press("e")
    selected = page.locator('.turn[aria-current="true"]')
    expect(selected).to_contain_text("lookup_order")
    expect(selected).to_be_visible()
    page.keyboard.press("4")
    expect(page.locator(".node.is-selected")).to_contain_text("lookup_order")


@pytest.mark.profile(color_scheme="dark")
def test_the_transcript_in_the_dark(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_transcript(page, server, run)
    expect(page.locator(".turn.is-user").first).to_have_css("background-color", "rgb(19, 21, 23)")


@pytest.mark.profile(viewport=PHONE)
def test_the_transcript_on_a_phone(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_transcript(page, server, run)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.profile(java_script_enabled=False)
def test_the_transcript_without_scripts(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_transcript(page, server, run)
    page.locator("summary", has_text="lookup_order ×3").click()
    page.locator(".turn.is-tool", has_text="lookup_order").first.get_by_role("link").click()
    expect(page).to_have_url(re.compile("view=transcript&span="))
    expect(page.locator('.turn[aria-current="true"]')).to_be_visible()
