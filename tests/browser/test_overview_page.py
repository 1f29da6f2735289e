"""The start page as people use it: from a figure to its list, from a bar or a drag to a shorter time, narrow, dark."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.fix_server import RunningServer, running_server

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).resolve().parents[2] / ".ci" / "artifacts"
NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}
WITHOUT_SCRIPT = {"java_script_enabled": False}


@pytest.fixture(scope="module")
def new_server() -> Iterator[RunningServer]:
    with running_server() as started:
        yield started


@pytest.fixture(scope="module")
def failing(server: RunningServer) -> AgentRun:
    made = support_run("Where does my order stand?")
    made.store(server)
    return made


def open_overview(page: Page, server: RunningServer) -> None:
    page.goto(f"{server.url}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def open_table(page: Page) -> Locator:
    page.locator("summary", has_text="Tool failures as a table").focus()
    page.keyboard.press("Enter")
    return page.get_by_role("region", name="Tool failures, table")


def test_from_a_figure_to_the_list_behind_it(page: Page, server: RunningServer, failing: AgentRun) -> None:
    open_overview(page, server)
    page.screenshot(path=SHOTS / "overview_light.png", full_page=True)
    figures = page.get_by_role("region", name="Figures, each with the list behind it")
    expect(figures.get_by_role("link")).to_have_count(8)
    figures.get_by_role("link").filter(has_text="Tool error rate").click()
    expect(page).to_have_url(f"{server.url}/traces?range=24h&errors=1")
    expect(page.locator(".traces tbody tr").first).to_be_visible()


def test_from_the_start_to_the_arguments_of_the_top_failure(
    page: Page, server: RunningServer, failing: AgentRun
) -> None:
    open_overview(page, server)
    top = page.get_by_role("region", name="Top issues", exact=True)
    top.get_by_role("link").filter(has_text="Tool error").filter(has_text="lookup_order").first.click()
    page.get_by_role("region", name="Examples").last.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Arguments").first).to_be_visible()


@pytest.mark.profile(**WITHOUT_SCRIPT)
def test_a_bar_needs_no_script_and_no_mouse(page: Page, server: RunningServer, failing: AgentRun) -> None:
    open_overview(page, server)
    open_table(page).get_by_role("link").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?since=*")
    expect(page.get_by_role("combobox", name="Time range")).to_have_value("")
    expect(open_table(page).get_by_role("link").first).to_be_visible()
    page.get_by_role("combobox", name="Time range").select_option("7d")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(f"{server.url}/")


@pytest.mark.profile(timezone_id="America/St_Johns")
def test_dragging_over_the_chart_makes_that_the_time(page: Page, server: RunningServer, failing: AgentRun) -> None:
    open_overview(page, server)
    expect(page.locator("[data-zone]")).to_have_text("America/St_Johns")
    drawn = page.get_by_role("img", name="failed or unanswered tool calls")
    drawn.locator(".u-over").scroll_into_view_if_needed()
    first = page.locator(".chart-table time").first
    begin = datetime.fromisoformat(first.get_attribute("datetime") or "").astimezone(ZoneInfo("America/St_Johns"))
    expect(first).to_have_text(re.compile(f"{begin.day} {begin:%b}.* {begin:%H:%M:%S}"), use_inner_text=False)
    field = drawn.locator(".u-over").bounding_box()
    assert field is not None
    middle = field["y"] + field["height"] / 2
    page.mouse.move(field["x"] + field["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(field["x"] + field["width"] * 0.7, middle)
    page.mouse.move(field["x"] + field["width"] * 0.99, middle, steps=4)
    expect(page.locator(".u-select")).not_to_have_css("width", "0px")
    page.keyboard.press("Escape")
    expect(page.locator(".u-select")).to_have_css("width", "0px")
    page.mouse.up()
    page.mouse.move(field["x"] + field["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(field["x"] + field["width"] * 0.99, middle, steps=4)
    page.screenshot(path=SHOTS / "overview_drag.png")
    page.mouse.up()
    page.wait_for_url("**/?since=*&until=*")
    expect(page.get_by_role("combobox", name="Time range")).to_have_value("")
    dragged = page.evaluate(
        "['since', 'until'].map((name) => Date.parse(new URLSearchParams(location.search).get(name)))"
    )
    day_ms = 86_400_000
    assert abs(dragged[1] - dragged[0] - day_ms * 0.49) < day_ms * 0.05


@pytest.mark.profile(**NARROW)
def test_narrow_and_dark(page: Page, server: RunningServer, failing: AgentRun) -> None:
    open_overview(page, server)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Overview")).to_be_in_viewport()
    page.screenshot(path=SHOTS / "overview_narrow_dark.png", full_page=True)


def test_an_empty_start_page_shows_the_command_that_fills_it(page: Page, new_server: RunningServer) -> None:
    page.goto(new_server.url)
    expect(page.locator("#recipe-demo")).to_contain_text(f"rainbarrel demo --url {new_server.url}")
    page.screenshot(path=SHOTS / "overview_empty.png")
