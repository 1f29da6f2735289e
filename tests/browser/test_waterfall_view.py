"""The waterfall: bars by duration or output tokens, the minimap that sets its window, repeats that fold."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

PHONE = {"width": 375, "height": 800}
LOOP = "lookup_order ×3, same error"


def open_waterfall(page: Page, server: RunningServer, run: AgentRun, query: str = "") -> None:
    page.goto(f"{server.url}{run.path}{query}")
    expect(page.locator("[data-minimap]")).to_be_visible()


def window(page: Page) -> tuple[int, int]:
    found = page.locator("[data-minimap]")
    return int(found.get_attribute("data-begin") or 0), int(found.get_attribute("data-end") or 0)


def test_the_minimap_tells_of_failures_and_loops(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    expect(page.get_by_role("img", name="The whole trace: 12 steps, 3 failed, 1 failed softly, 1 loop")).to_be_visible()
    expect(page.locator(".lane-error")).to_have_css("fill", "rgb(213, 50, 60)")
    expect(page.locator(".map-loop")).to_have_text("×3")


def test_dragging_over_the_minimap_sets_the_window(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    box = page.locator("[data-minimap]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 12)
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 14)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    begin, end = window(page)
    assert (round(begin / 8e9, 1), round(end / 8e9, 2)) == (0.5, 0.75)
    expect(page.locator(".row", has_text="send_mail")).to_be_visible()
    expect(page.locator(".row", has_text=LOOP)).to_have_count(0)
    expect(page.locator(".window-words")).to_contain_text("of 8.00 s")
    page.reload()
    assert window(page) == (begin, end)
    page.keyboard.press("z")
    expect(page.locator(".row", has_text=LOOP)).to_be_visible()
    expect(page).not_to_have_url(re.compile("from="))


def test_a_click_shows_the_part_around_it(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    box = page.locator("[data-minimap]").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + 10)
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    begin, end = window(page)
    assert begin < 0.8 * 8e9 < end
    assert round((end - begin) / 8e9, 1) == 0.2


def test_the_window_is_set_by_keys(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    handle = page.get_by_role("slider", name="Begin of the window")
    handle.focus()
    page.keyboard.press("PageUp")
    expect(page).to_have_url(re.compile(r"from=800000000&to=8000000000"))
    expect(handle).to_be_focused()
    expect(handle).to_have_attribute("aria-valuetext", "800 ms")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"from=720000000&to=8000000000"))
    page.get_by_role("link", name="Earlier").press("Enter")
    expect(page).to_have_url(re.compile(r"to=7280000000"))


def test_a_step_outside_the_window_ends_it(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run, "?from=5000000000&to=6000000000")
    expect(page.locator(".row", has_text=LOOP)).to_have_count(0)
    page.locator("#trace-header").get_by_role("link", name=re.compile("lookup_order ×3")).click()
    expect(page.locator('.row[aria-selected="true"]')).to_contain_text(LOOP)
    expect(page).not_to_have_url(re.compile("from="))


def test_bars_by_output_tokens(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    page.keyboard.press("m")
    expect(page.get_by_role("treegrid", name="Steps and their output tokens")).to_be_visible()
    expect(page).to_have_url(re.compile("measure=tokens"))
    expect(page.locator(".row", has_text="Support agent").locator(".time-cell")).to_have_text("48")
    chat = page.locator(".row", has_text="chat gpt-4.1-mini").first.locator(".bar")
    assert chat.evaluate("bar => Math.round(parseFloat(bar.style.width))") == 33
    page.get_by_role("link", name="Duration").click()
    expect(page.get_by_role("treegrid", name="Steps and their times")).to_be_visible()


def test_repeats_fold_and_every_one_can_be_reached(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    folded = page.locator(".row", has_text=LOOP)
    expect(folded).to_have_attribute("aria-selected", "true")
    expect(folded.locator(".bar.on-error")).to_have_count(3)
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 1 of 3")
    page.keyboard.press("]")
    expect(page.locator("#trace-detail")).to_contain_text("Repeat 2 of 3")
    expect(page.locator('.row[aria-selected="true"]')).to_contain_text("2 of 3")
    expect(page).to_have_url(re.compile("unfold="))
    page.get_by_role("link", name="Fold 3 repeats").click()
    expect(folded).to_have_attribute("aria-selected", "true")
    expect(page.locator(".row")).to_have_count(8)
    repeat = [span["spanId"] for span in run.spans if span["name"] == "execute_tool lookup_order"][2]
    page.goto(f"{server.url}{run.path}?span={repeat}")
    expect(page.locator('.row[aria-selected="true"]')).to_contain_text("3 of 3")


def test_only_errors_keeps_what_stands_above(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    page.get_by_role("link", name="Errors only").click()
    expect(page.locator(".row .label")).to_have_text(["Support agent", LOOP, "stock_level"])
    expect(page).to_have_url(re.compile("only=errors"))
    page.get_by_role("link", name="Errors only").click()
    expect(page.locator(".row")).to_have_count(8)


@pytest.mark.profile(java_script_enabled=False)
def test_without_scripts(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run)
    page.get_by_role("link", name="Unfold 3 repeats").click()
    expect(page.locator(".row")).to_have_count(13)
    page.get_by_role("link", name="Output tokens").click()
    expect(page.get_by_role("treegrid", name="Steps and their output tokens")).to_be_visible()
    page.get_by_role("link", name="Duration").click()
    page.get_by_role("link", name="Zoom in").click()
    expect(page.locator(".window-words")).to_contain_text("of 8.00 s")


@pytest.mark.profile(viewport=PHONE, color_scheme="dark")
def test_on_a_phone_in_the_dark(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_waterfall(page, server, run, "?from=100000000&to=7000000000")
    expect(page.locator(".lane-error")).to_have_css("fill", "rgb(229, 72, 77)")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
