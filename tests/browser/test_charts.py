"""Charts over time as people read them: amounts under the pointer, a click on a bar, colours of the theme, a phone."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.browser.conftest import ARTIFACTS
from tests.fix_server import RunningServer, running_server

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}
DEADLINE_S = 60.0
NAME = "failed or unanswered tool calls"
# the colour of the canvas at a point of the screen, and what a token is, both as a canvas tells colours
COLOUR_AT = """([x, y]) => {
  const canvas = document.querySelector('.chart canvas'), box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
  context.drawImage(canvas, (x - box.x) * scale, (y - box.y) * scale, 1, 1, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].join()
}"""
COLOUR_OF = """token => {
  const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
  context.fillStyle = getComputedStyle(document.body).getPropertyValue(token);
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].join()
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """One with one run alone: its failures stand in the last step or two."""
    with running_server() as started:
        yield started


@pytest.fixture(scope="module")
def failing(server: RunningServer) -> AgentRun:
    made = support_run("Who took my parcel?")
    made.store(server)
    return made


def open_chart(page: Page, server: RunningServer) -> FloatRect:
    """The field of the bars."""
    page.goto(f"{server.url}/?range=1h")
    field = page.get_by_role("img", name=NAME).locator(".u-over")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    return box


def row_with_loop(page: Page) -> Locator:
    """The run may stand in two steps."""
    rows = page.locator(".chart-table tbody tr").all()
    return next(row for row in rows if row.locator("td").nth(1).text_content() != "0")


def bar_with_loop(page: Page, field: FloatRect) -> tuple[float, float]:
    """A point low within the bar of the loop, whose calls are no errors beside it."""
    row = row_with_loop(page)
    steps = page.evaluate("JSON.parse(document.querySelector('[data-chart]').dataset.chart).series[0].values.length")
    step = int(row.get_attribute("data-step") or "")
    return field["x"] + field["width"] * (step + 0.5) / steps, field["y"] + field["height"] - 4


def test_the_amounts_under_the_pointer_are_those_of_the_table(
    page: Page, server: RunningServer, failing: AgentRun
) -> None:
    at = bar_with_loop(page, open_chart(page, server))
    row = row_with_loop(page)
    amounts = row.locator("td").all_text_contents()
    url = row.get_by_role("link", include_hidden=True).get_attribute("href")
    assert any(amount != "0" for amount in amounts)
    page.mouse.move(*at)
    tip = page.locator(".chart-tip")
    expect(tip).to_be_visible()
    expect(tip.locator(".number")).to_have_text(amounts)
    page.screenshot(path=ARTIFACTS / "chart_tip.png")
    page.mouse.click(*at)
    expect(page).to_have_url(f"{server.url}{url}")


def test_colours_are_those_of_the_theme(page: Page, server: RunningServer, failing: AgentRun) -> None:
    at = bar_with_loop(page, open_chart(page, server))
    colours = []
    for _ in ("light", "dark"):
        colours.append(page.evaluate(COLOUR_OF, "--loop-weak"))
        deadline = time.monotonic() + DEADLINE_S
        while page.evaluate(COLOUR_AT, list(at)) != colours[-1]:
            assert time.monotonic() < deadline
            page.wait_for_timeout(100)
        page.get_by_role("button", name="Switch between light and dark").click()
    assert colours[0] != colours[1]


def test_a_chart_is_drawn_once(page: Page, server: RunningServer, failing: AgentRun) -> None:
    open_chart(page, server)
    page.evaluate("htmx.trigger(document.body, 'htmx:load')")
    expect(page.locator(".chart canvas")).to_have_count(1)
    page.set_viewport_size({"width": 900, "height": 700})
    page.wait_for_function(
        """() => innerWidth === 900 &&
        document.querySelector('.chart .uplot').offsetWidth === document.querySelector('[data-chart]').clientWidth"""
    )


@pytest.mark.profile(**PHONE)
def test_a_chart_fits_a_phone(page: Page, server: RunningServer, failing: AgentRun) -> None:
    field = open_chart(page, server)
    assert 200 < field["width"] < PHONE["viewport"]["width"]  # type: ignore[index]
    page.screenshot(path=ARTIFACTS / "chart_phone.png")
