"""The live tail: a run appears while one looks, waits while it is paused, and the page stays small."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.browser.conftest import ARTIFACTS
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


def send(server: RunningServer, question: str) -> AgentRun:
    made = support_run(question)
    made.store(server)
    return made


def test_runs_appear_and_wait_while_paused(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces")
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page).to_have_url(f"{server.url}/live")
    page.wait_for_load_state()  # of the scripts that listen
    rows = page.locator("#live-rows tr")
    first = send(server, "Does this appear at once?")
    expect(page.locator(f'tr[data-trace="{first.trace_id}"]')).to_contain_text("send_mail")
    expect(page.locator(f'tr[data-trace="{first.trace_id}"]')).to_have_count(1)
    page.screenshot(path=ARTIFACTS / "live.png")
    page.get_by_role("button", name="Pause").click()
    second = send(server, "Does this wait?")
    expect(page.get_by_text(re.compile(r"Paused: [1-9]\d* waiting"))).to_be_visible()
    expect(page.locator(f'tr[data-trace="{second.trace_id}"]')).to_have_count(0)
    count = rows.count()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(f'tr[data-trace="{second.trace_id}"]')).to_be_visible()
    expect(rows).to_have_count(count + 1)


def test_it_keeps_to_its_filter_and_holds_200_rows(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/live?q=keeps+to+its+filter")
    expect(page.locator("[data-tail-empty]")).to_be_visible()
    page.evaluate(
        """() => { const rows = document.getElementById('live-rows');
        for (let i = 0; i < 230; i += 1) rows.append(document.createElement('tr')); }"""
    )
    send(server, "Another one")
    passing = send(server, "This keeps to its filter")
    expect(page.locator(f'tr[data-trace="{passing.trace_id}"]')).to_be_visible()
    expect(page.locator("#live-rows tr")).to_have_count(200)
    expect(page.locator("#live-rows tr[data-trace]")).to_have_count(1)


OVERLAPS = """() => [...document.querySelectorAll('#live-rows tr')].flatMap(row => {
  const line = row.getBoundingClientRect();
  const calls = row.querySelector('.live-calls').getBoundingClientRect();
  const trouble = row.querySelector('.trouble').getBoundingClientRect();
  const marks = [...row.querySelectorAll('.trouble .mark')].map(mark => mark.getBoundingClientRect().right);
  const duration = row.querySelector('.duration').getBoundingClientRect();
  const faults = [];
  if (line.height > 40) faults.push(`a line is ${line.height} high`);
  if (calls.right > trouble.left) faults.push('calls reach into trouble');
  if (Math.max(0, ...marks) > duration.left) faults.push('trouble reaches into the duration');
  return faults;
})"""


def test_a_run_stands_on_one_line_and_is_a_card_on_a_phone(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/live")
    expect(page.locator(".live-call .icon").first).to_be_visible()
    expect(page.locator("[data-tail-state]")).to_contain_text(re.compile(r"Showing the newest \d+ traces?;"))
    assert page.evaluate(OVERLAPS) == []
    page.set_viewport_size({"width": 375, "height": 800})
    expect(page.locator("#live-rows tr").first).to_have_css("display", "grid")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.screenshot(path=ARTIFACTS / "live-narrow.png")
