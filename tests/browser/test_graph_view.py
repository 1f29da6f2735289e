"""The graph of who called whom, beside the tree."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

PHONE = {"width": 375, "height": 800}


def open_graph(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}{run.path}?view=graph")
    expect(page.locator("svg.graph")).to_be_visible()


def test_the_drawing_says_who_called_whom(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.get_by_role("navigation", name="Views of this trace").get_by_role("link", name="Graph").click()
    expect(page).to_have_url(re.compile("view=graph&span=[0-9a-f]{16}$"))
    expect(page.locator(".node-name")).to_have_text(["Support agent", "lookup_order", "stock_level", "send_mail"])
    look_up = page.get_by_role("row", name=re.compile("lookup_order"))
    expect(look_up).to_contain_text("3 failed")
    expect(look_up).to_contain_text("lookup_order ×3")
    expect(page.locator(".edge-failed")).to_have_css("stroke", "rgb(213, 50, 60)")
    expect(page.locator(".ring")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="Showing 4 of 4 agents and tools")).to_be_visible()


def test_a_node_leads_to_its_first_call_in_the_tree(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_graph(page, server, run)
    page.locator("a.node", has_text="stock_level").focus()
    page.keyboard.press("Enter")
    expect(page.locator('.row[aria-selected="true"]')).to_contain_text("stock_level")
    expect(page.get_by_role("heading", level=2)).to_contain_text("stock_level")
    page.wait_for_load_state()
    page.keyboard.press("4")
    expect(page.locator(".node.is-selected")).to_contain_text("stock_level")
    page.wait_for_load_state()
    page.keyboard.press("k")
    expect(page.locator("a.node", has_text="lookup_order")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator('.row[aria-selected="true"]')).to_contain_text("stock_level")


def test_words_stand_apart(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_graph(page, server, run)
    boxes = page.locator(".edge-label, .node .box").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.left, box.top, box.right, box.bottom])"
    )
    apart = [
        (one, two)
        for at, one in enumerate(boxes)
        for two in boxes[at + 1 :]
        if one[0] < two[2] - 1 and two[0] < one[2] - 1 and one[1] < two[3] - 2 and two[1] < one[3] - 2
    ]
    assert apart == []


@pytest.mark.profile(color_scheme="dark")
def test_in_the_dark(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_graph(page, server, run)
    expect(page.locator(".edge-failed")).to_have_css("stroke", "rgb(229, 72, 77)")
    expect(page.locator(".box").first).to_have_css("fill", "rgb(19, 21, 23)")


@pytest.mark.profile(viewport=PHONE)
def test_on_a_phone_it_scrolls_inside_its_box(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_graph(page, server, run)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator(".graph-box").evaluate("box => box.scrollWidth > box.clientWidth")


@pytest.mark.profile(java_script_enabled=False)
def test_without_scripts(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_graph(page, server, run)
    page.get_by_role("link", name="Tree").click()
    expect(page.locator(".row")).to_have_count(8)
