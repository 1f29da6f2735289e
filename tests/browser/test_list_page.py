"""The list of traces."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


def row_of(page: Page, run: AgentRun):
    return page.locator(f'tr[data-trace="{run.trace_id}"]')


def test_a_row_says_what_was_asked_and_what_went_wrong(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    row = row_of(page, run)
    expect(row.get_by_role("link", name="Where is my parcel E-5120?")).to_be_visible()
    expect(row.locator(".agent")).to_have_text("Support agent")
    expect(row.get_by_title("3 tool errors", exact=True)).to_be_visible()
    expect(row.get_by_title("1 soft error", exact=True)).to_be_visible()
    expect(row.get_by_title("1 loop", exact=True)).to_be_visible()
    strip = row.get_by_role("img", name=re.compile("3 model calls, .*3 tool errors, 1 soft error"))
    expect(strip.locator(".step.is-error")).to_have_count(3)
    expect(strip.locator(".step.is-soft")).to_have_count(1)


def test_a_row_opens_its_trace(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    row_of(page, run).locator(".duration").click()
    expect(page).to_have_url(re.compile(run.path))
    expect(page.get_by_role("heading", level=1)).to_have_text("Where is my parcel E-5120?")


def test_keys_move_through_the_rows(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces?q=parcel+E-5120")
    expect(row_of(page, run)).to_be_visible()  # derived by now
    page.keyboard.press("j")
    expect(row_of(page, run).get_by_role("link")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search in questions")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next and previous trace")


def test_a_filter_without_hits_names_what_to_remove(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("combobox", name="Search in questions").fill("nobody asked this")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=nobody\+asked\+this$"))
    page.wait_for_load_state()
    page.get_by_label("Errors only").check()
    expect(page).to_have_url(re.compile(r"\?q=nobody\+asked\+this&errors=1$"))
    expect(page.get_by_role("heading", name="No trace matches this filter.")).to_be_visible()
    page.get_by_role("link", name="text “nobody asked this”").click()
    expect(page).to_have_url(re.compile(r"/traces\?errors=1$"))
    expect(row_of(page, run)).to_be_visible()


def test_a_new_trace_appears_without_reload(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    expect(row_of(page, run)).to_be_visible()
    page.evaluate("window.isSamePage = true")
    new = support_run("Did this one arrive by itself?")
    new.start_unix_nano += 30_000_000_000
    new.send(server, *new.spans)
    expect(row_of(page, new)).to_be_visible()
    expect(page.get_by_text("Did this one arrive by itself?")).to_be_visible()
    assert page.evaluate("window.isSamePage")


def test_two_traces_are_ticked_and_compared(page: Page, server: RunningServer, run: AgentRun) -> None:
    other = support_run("Where is my parcel E-5121?")
    other.store(server)
    page.goto(f"{server.url}/traces?q=%22Where+is+my+parcel%22")
    row_of(page, other).locator(".question a").focus()
    page.keyboard.press("x")
    bar = page.locator(".ticked")
    expect(bar).to_contain_text("1 trace ticked; tick another to compare them")
    expect(bar.get_by_role("link", name="Compare")).to_be_hidden()
    page.locator(f'tr[data-trace="{run.trace_id}"]').get_by_label("Tick for comparing").check()
    page.locator(f'tr[data-trace="{other.trace_id}"]').get_by_label("Tick for comparing").check()
    expect(bar).to_contain_text("2 traces ticked")
    bar.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(
        re.compile(rf"/compare\?a=({run.trace_id}&b={other.trace_id}|{other.trace_id}&b={run.trace_id})$")
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare")


@pytest.mark.profile(viewport={"width": 375, "height": 800})
def test_interactions_lead_to_their_trace_and_their_user(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces?errors=1")
    page.get_by_role("link", name="Interactions").click()
    expect(page).to_have_url(re.compile(r"/interactions\?errors=1$"))
    expect(page.get_by_label("Errors only")).to_be_checked()
    asked = page.get_by_role("link", name="Where is my parcel E-5120?").first
    row = page.get_by_role("row").filter(has=asked)
    expect(row.locator(".ring")).to_be_visible()
    expect(row.locator(".trouble .in-error")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    asked.click()
    expect(page).to_have_url(re.compile(rf"/traces/{run.trace_id}$"))
