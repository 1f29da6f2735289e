"""Keys of the trace page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


LOOP = "lookup_order ×3, same error"


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
    expect_selected(page, LOOP)
    page.keyboard.press("k")
    expect_selected(page, "chat gpt-4.1-mini")


def test_e_goes_from_failure_to_failure_and_round(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    for name in (LOOP, "stock_level", LOOP):
        page.keyboard.press("e")
        expect_selected(page, name)
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 1 of 3")
    page.keyboard.press("l")
    expect(page.locator(".row[data-loop]")).to_have_count(3)
    for number in (1, 2, 3):
        page.keyboard.press("e")
        expect_selected(page, "lookup_order")
        expect(page.locator("#trace-detail")).to_contain_text(f"Repeat {number} of 3")


@pytest.mark.parametrize("view", ["tree", "waterfall", "transcript"])
def test_a_search_goes_from_hit_to_hit(page: Page, server: RunningServer, run: AgentRun, view: str) -> None:
    page.goto(f"{server.url}{run.path}?view={view}")
    page.keyboard.press("/")
    page.keyboard.type("MAIL")
    page.keyboard.press("Enter")
    expect(page.locator('.row:is([aria-selected="true"], [aria-current="true"])')).to_contain_text("send_mail")
    expect(page.get_by_role("heading", level=2)).to_have_text("execute_tool send_mail")
    expect(page.get_by_role("status").filter(has_text="1 hit")).to_be_visible()
    expect(page).to_have_url(re.compile("find=MAIL"))
    page.keyboard.press("n")
    expect(page.locator("#toast")).to_have_text("From the start again.")


def test_every_view_has_a_next_failure_and_keeps_the_selection(
    page: Page, server: RunningServer, run: AgentRun
) -> None:
    page.goto(f"{server.url}{run.path}?view=graph")
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 1 of 3")
    for number in (2, 3):
        page.keyboard.press("e")
        expect(page.locator("#trace-detail")).to_contain_text(f"Repeat {number} of 3")
        expect(page.locator(".node.is-selected")).to_contain_text("lookup_order")
    page.keyboard.press("e")
    expect(page.locator(".node.is-selected")).to_contain_text("stock_level")
    for key, selected in (
        ("1", '.turn[aria-current="true"]'),
        ("2", '.row[aria-selected="true"]'),
        ("3", '.row[aria-selected="true"]'),
        ("4", ".node.is-selected"),
    ):
        page.wait_for_load_state()
        page.keyboard.press(key)
        expect(page.locator(selected)).to_contain_text("stock_level")
        expect(page.locator(selected)).to_be_in_viewport()


def test_loops_repeats_and_the_model_call_that_asked(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    expect(page.get_by_role("heading", level=2)).to_have_text("invoke_agent Support agent")
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
    expect(visible).to_have_count(8)
    page.keyboard.press("g")
    expect_selected(page, "Support agent")
    page.keyboard.press("h")
    expect(visible).to_have_count(3)  # the agent, the missing parent and its child
    expect(page.locator(".row", has_text="Support agent")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("l")
    expect(visible).to_have_count(8)
    page.keyboard.press("l")
    expect_selected(page, "chat gpt-4.1-mini")
    page.keyboard.press("h")
    expect_selected(page, "Support agent")


def test_the_help_opens_and_gives_the_focus_back(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    expect_selected(page, "Support agent")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next failure")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect_selected(page, "Support agent")
