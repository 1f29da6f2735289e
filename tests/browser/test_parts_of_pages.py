"""Parts of pages come by htmx: in place, with the address, back and forward; what was sent is no attribute."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.agent_run import AgentRun
from tests.browser.conftest import TIMEOUT_MS
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

PLANTED = (
    "\"'><i hx-get='/planted' hx-trigger='load' hx-on:htmx:load='alert(1)'>a</i>"
    "<i data-hx-get=/planted data-hx-trigger=load>b</i>"
)
OF_TEXT = "i[hx-get], i[data-hx-get], [hx-trigger=load], [hx-on\\:htmx\\:load]"


def row_of(page: Page, name: str):
    return page.locator(".row", has=page.locator(f'.label:text-is("{name}")'))


def heading(page: Page):
    return page.locator("#trace-detail").get_by_role("heading", level=2)


def test_attributes_in_what_was_sent_are_text(page: Page, server: RunningServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    run = AgentRun(service_name=PLANTED)
    agent = run.agent(PLANTED, PLANTED, 5)
    run.tool(agent, PLANTED, 1, 2, {PLANTED: PLANTED}, error=(PLANTED, PLANTED))
    run.tool(agent, "send_mail", 3, 4, {"to": PLANTED}, result={"text": PLANTED})
    run.store(server)
    page.goto(f"{server.url}/traces")
    expect(page.locator(f'tr[data-trace="{run.trace_id}"]')).to_contain_text("hx-get")
    expect(page.locator(OF_TEXT)).to_have_count(0)
    page.goto(server.url + run.path)
    row_of(page, "send_mail").click()
    expect(heading(page)).to_have_text("execute_tool send_mail")
    expect(page.locator("#trace-detail pre").first).to_contain_text("hx-get")
    for key in "1234":
        page.keyboard.press(key)
        expect(page.locator(f'[data-view][aria-current="page"]:nth-child({key})')).to_be_visible()
        expect(page.locator(OF_TEXT)).to_have_count(0)
    assert [url for url in asked if "planted" in url] == []
    assert sum(f"{run.path}?" in url for url in asked) >= 4  # the parts came by htmx


def test_back_and_forward_lead_through_steps_and_views(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    page.evaluate("window.isSamePage = true")
    for name in ("send_mail", "stock_level"):
        row_of(page, name).get_by_role("link").click()
        expect(heading(page)).to_have_text(f"execute_tool {name}")
        expect(page.locator('.row[aria-selected="true"] .label')).to_have_text(name)
    page.locator("[data-view=tree]").click()
    expect(page.get_by_role("treegrid", name="Steps and what came out")).to_be_visible()
    expect(page.locator("[data-view=tree]")).to_have_attribute("aria-current", "page")
    expect(page.locator('.row[aria-selected="true"] .label')).to_have_text("stock_level")
    assert page.evaluate("window.isSamePage")
    page.go_back()
    expect(page.get_by_role("treegrid", name="Steps and their times")).to_be_visible()
    expect(heading(page)).to_have_text("execute_tool stock_level")
    page.wait_for_load_state()  # of the scripts that listen
    page.go_back()
    expect(heading(page)).to_have_text("execute_tool send_mail")
    page.wait_for_load_state()
    page.go_forward()
    expect(heading(page)).to_have_text("execute_tool stock_level")


def test_keys_leave_the_way_back_short(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(f"{server.url}/traces?q=parcel+E-5120")
    page.locator(f'tr[data-trace="{run.trace_id}"]').get_by_role("link", name="Where is my parcel").click()
    expect(heading(page)).to_have_text("execute_tool lookup_order")
    page.wait_for_load_state()  # of the scripts that listen
    page.keyboard.press("g")
    expect(heading(page)).to_contain_text("Support agent")
    for name in ("chat gpt-4.1-mini", "lookup_order"):
        page.keyboard.press("j")
        expect(heading(page)).to_contain_text(name)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/traces\?q="))


def test_the_list_turns_its_pages_in_place(page: Page, server: RunningServer, run: AgentRun) -> None:
    other = AgentRun(start_unix_nano=time.time_ns())  # later than any other test's
    other.agent("Support agent", "Is there a second page?", 1)
    other.store(server)
    page.goto(f"{server.url}/traces?limit=1")
    newest = page.locator(f'tr[data-trace="{other.trace_id}"]')
    expect(newest).to_be_visible()
    page.evaluate("window.isSamePage = true")
    page.get_by_role("link", name="Older").first.click()
    expect(page).to_have_url(re.compile("after="))
    expect(newest).to_have_count(0)
    expect(page.locator("tr[data-trace]")).to_have_count(1)
    assert page.evaluate("window.isSamePage")
    page.go_back()
    expect(newest).to_be_visible()


def test_a_refusal_is_said_and_what_is_shown_stays(browser: Browser, server: RunningServer, run: AgentRun) -> None:
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(server.url + run.path)
    page.route(re.compile("view=tree"), lambda route: route.fulfill(status=503, json={"error": "Not now."}))
    page.locator("[data-view=tree]").click()
    expect(page.locator("#toast")).to_have_text("Not now.")
    expect(page.get_by_role("treegrid", name="Steps and their times")).to_be_visible()
    page.close()
