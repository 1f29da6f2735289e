"""What a page renews by itself leaves the reader alone: a page that was turned, a button held down, two quick keys."""

import re
import time
from collections.abc import Callable
from functools import partial
from operator import eq

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.agent_run import AgentRun
from tests.browser.conftest import TIMEOUT_MS
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

CHANGED = "version => document.dispatchEvent(new CustomEvent('rainbarrel:changed', {detail: {version}}))"
CHANGED_AND_CLICKED = f"version => {{ ({CHANGED})(version); document.querySelector('a[rel=next]').click(); }}"
SETTLED = "new Promise(done => setTimeout(done))"
NO_EVENTS = "retry: 3600000\n\n"  # the tests tell of changes themselves


class Gate:
    """Holds requests of a page back until it is opened."""

    def __init__(self, page: Page, is_held: Callable[[Request], bool]) -> None:
        self.page, self.is_held, self.is_open = page, is_held, False
        self.waiting: list[Route] = []
        page.route(re.compile("/traces"), self._meet)

    def wait(self) -> None:
        """Returns once somebody stands before it."""
        deadline = time.monotonic() + TIMEOUT_MS / 1000
        while not self.waiting:
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(20)

    def open(self) -> None:
        """Returns once those that waited have been answered and their answers dealt with."""
        self.is_open = True
        for route in self.waiting:
            with self.page.expect_request_finished(partial(eq, route.request)):
                route.continue_()
        self.page.evaluate(SETTLED)

    def _meet(self, route: Route) -> None:
        if self.is_open or not self.is_held(route.request):
            route.fallback()
        else:
            self.waiting.append(route)


def is_renewal(request: Request) -> bool:
    return "hx-request" in request.headers and "after=" not in request.url


def is_older_page(request: Request) -> bool:
    return "hx-request" in request.headers and "after=" in request.url


@pytest.fixture(scope="module")
def newest(server: RunningServer, run: AgentRun) -> AgentRun:
    """Begins later than any other test's."""
    made = AgentRun(start_unix_nano=time.time_ns())
    made.agent("Support agent", "Which one is the newest?", 1)
    made.store(server)
    return made


def open_list(page: Page, server: RunningServer, newest: AgentRun) -> None:
    """A first page of one row, with another page behind it."""
    page.route("**/events", lambda route: route.fulfill(content_type="text/event-stream", body=NO_EVENTS))
    page.goto(f"{server.url}/traces?limit=1")
    expect(page.locator(f'tr[data-trace="{newest.trace_id}"]')).to_be_visible()


def expect_older_page(page: Page, newest: AgentRun) -> None:
    expect(page).to_have_url(re.compile("after="))
    expect(page.locator("tr[data-trace]")).to_have_count(1)
    expect(page.locator(f'tr[data-trace="{newest.trace_id}"]')).to_have_count(0)


def test_a_renewal_that_comes_late_does_not_turn_the_page_back(
    page: Page, server: RunningServer, newest: AgentRun
) -> None:
    gate = Gate(page, is_renewal)
    open_list(page, server, newest)
    page.evaluate(CHANGED, "one")
    gate.wait()
    page.get_by_role("link", name="Older").first.click()
    expect_older_page(page, newest)
    gate.open()
    expect_older_page(page, newest)


def test_what_changes_while_a_page_is_on_its_way_is_told_when_it_is_there(
    page: Page, server: RunningServer, newest: AgentRun
) -> None:
    gate = Gate(page, is_older_page)
    open_list(page, server, newest)
    with page.expect_request_finished(is_renewal):
        page.evaluate(CHANGED, "one")
    page.evaluate(CHANGED_AND_CLICKED, "two")  # in the pause after a renewal, or just before the next one
    gate.wait()
    gate.open()
    expect_older_page(page, newest)
    expect(page.get_by_role("link", name="New traces: show")).to_be_visible()
    page.get_by_role("link", name="New traces: show").click()
    expect(page.locator(f'tr[data-trace="{newest.trace_id}"]')).to_be_visible()


def test_an_older_page_tells_of_no_news_when_it_is_opened(page: Page, server: RunningServer, newest: AgentRun) -> None:
    open_list(page, server, newest)
    page.goto(server.url + (page.get_by_role("link", name="Older").first.get_attribute("href") or ""))
    page.evaluate(CHANGED, "one")  # the state of now, which comes first
    page.evaluate(SETTLED)
    expect(page.get_by_role("link", name="New traces: show")).to_be_hidden()
    page.evaluate(CHANGED, "two")
    expect(page.get_by_role("link", name="New traces: show")).to_be_visible()


def test_no_click_is_lost_to_a_renewal(page: Page, server: RunningServer, newest: AgentRun) -> None:
    gate = Gate(page, is_renewal)
    open_list(page, server, newest)
    page.get_by_role("link", name="Older").first.hover()
    page.evaluate(CHANGED, "one")
    gate.wait()
    page.mouse.down()
    gate.open()
    page.mouse.up()
    expect_older_page(page, newest)


def test_a_step_chosen_before_the_view_is_there_is_chosen_in_it(
    page: Page, server: RunningServer, run: AgentRun
) -> None:
    gate = Gate(page, lambda request: "hx-request" in request.headers and "view=tree" in request.url)
    page.goto(server.url + run.path)
    page.keyboard.press("g")
    heading = page.locator("#trace-detail").get_by_role("heading", level=2)
    expect(heading).to_contain_text("Support agent")
    page.keyboard.press("2")
    gate.wait()
    page.keyboard.press("j")
    gate.open()
    chosen = next(span["spanId"] for span in run.spans if span["name"] == "chat gpt-4.1-mini")
    expect(heading).to_contain_text("chat gpt-4.1-mini")
    expect(page).to_have_url(re.compile(f"view=tree&span={chosen}"))
    expect(page.get_by_role("treegrid", name="Steps and what came out")).to_be_visible()
    expect(page.locator('.row[aria-selected="true"]')).to_have_attribute("data-span", chosen)
