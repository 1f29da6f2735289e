"""Keys of the trace page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


def expect_selected(page: Page, name: str) -> None:
    expect(page.locator('.row[aria-selected="true"] .label')).to_have_text(name)
    expect(page.locator('.row[aria-selected="true"] .step-link')).to_be_focused()


def test_j_and_k_move(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    expect_selected(page, "Support agent")
    page.keyboard.press("j")
    expect_selected(page, "chat gpt-4.1-mini")
    page.keyboard.press("j")
    expect_selected(page, "lookup_order")
    page.keyboard.press("k")
    expect_selected(page, "chat gpt-4.1-mini")


def test_e_goes_from_failure_to_failure_and_round(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    for name in ("lookup_order", "lookup_order", "lookup_order", "stock_level", "lookup_order"):
        page.keyboard.press("e")
        expect_selected(page, name)
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 1 of 3")


def test_loops_repeats_and_the_model_call_that_asked(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    page.keyboard.press("L")
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 1 of 3")
    page.keyboard.press("]")
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 2 of 3")
    page.keyboard.press("[")
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 1 of 3")
    page.keyboard.press("b")
    expect_selected(page, "chat gpt-4.1-mini")


def test_h_and_l_fold(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    visible = page.locator(".row:visible")
    expect(visible).to_have_count(12)
    page.keyboard.press("g")
    expect_selected(page, "Support agent")
    page.keyboard.press("h")
    expect(visible).to_have_count(3)  # the agent, the missing parent and its child
    expect(page.locator(".row", has_text="Support agent")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("l")
    expect(visible).to_have_count(12)
    page.keyboard.press("l")
    expect_selected(page, "chat gpt-4.1-mini")
    page.keyboard.press("h")
    expect_selected(page, "Support agent")


def test_the_help_opens_and_gives_the_focus_back(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    expect_selected(page, "Support agent")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next error")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect_selected(page, "Support agent")
