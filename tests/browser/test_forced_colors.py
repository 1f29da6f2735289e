"""Contrast themes of the system: what failed, what loops and what is selected is still told apart."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.profile(forced_colors="active", color_scheme="dark")]
STRIPES = "repeating-linear-gradient"


def is_outlined(found: Locator) -> None:
    expect(found).to_have_css("outline-style", "solid")


def is_coloured(found: Locator) -> None:
    """It has a colour of its own, not that of the ground."""
    ground = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
    expect(found).not_to_have_css("background-color", ground)


def is_striped(found: Locator) -> None:
    assert STRIPES in found.evaluate("element => getComputedStyle(element).backgroundImage")


def test_marks_of_the_list(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    row = page.get_by_role("row").filter(has_text="Where is my parcel E-5120?").first
    is_outlined(row.locator(".strip .ring"))
    is_coloured(row.locator(".strip .is-error").first)
    is_striped(row.locator(".strip .is-soft"))
    is_outlined(page.locator(".segments").get_by_role("link", name="Traces", exact=True))
    is_outlined(page.get_by_role("navigation", name="Main").get_by_role("link", name="Traces"))


def test_marks_of_a_trace(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces/{run.trace_id}")
    is_outlined(page.locator(".row[aria-selected=true]"))
    is_coloured(page.locator("#trace-tree .bar.on-error").first)
    is_striped(page.locator("#trace-tree .bar.on-soft_error"))
    expect(page.locator("#trace-tree .zone").first).to_have_css("border-left-style", "solid")
    is_outlined(page.locator("#map-duration"))
    page.get_by_role("link", name="Transcript").click()
    is_outlined(page.locator(".turn[aria-current=true]"))


def test_marks_of_the_overview(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url)
    is_coloured(page.locator(".sort-mark.is-error").first)
    is_striped(page.locator(".sort-mark.is-soft").first)
    expect(page.locator(".sort-mark.is-loop").first).to_have_css("border-left-width", "2px")
    expect(page.locator(".chart-choice [aria-current]")).to_have_css("text-decoration-line", "underline")
