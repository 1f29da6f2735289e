"""Traces with many spans come in parts; long values are cut and can be had whole. Both say so."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

SPANS = 1200
CHANGED = "document.dispatchEvent(new CustomEvent('rainbarrel:changed', {detail: {version: 'another'}}))"


@pytest.fixture(scope="module")
def long_run(server: RunningServer) -> AgentRun:
    run = AgentRun()
    agent = run.agent("Support agent", "Why does this take so long?", 1300)
    for number in range(1, SPANS):
        error = {"error": ("Timeout", "too slow")} if number == SPANS - 10 else {}
        run.tool(agent, f"step_{number}", number, number + 0.5, {"number": number}, **error)
    run.store(server)
    return run


def test_a_long_trace_comes_in_parts(page: Page, server: RunningServer, long_run: AgentRun) -> None:
    page.goto(server.url + long_run.path)
    expect(page.get_by_text("Showing 250 of 1,200 spans")).to_be_visible()
    page.get_by_role("link", name="After").click()
    expect(page.get_by_text("251 to 500")).to_be_visible()
    expect(page.locator(".row").first).to_contain_text("step_250")
    page.get_by_role("link", name="Before").click()
    expect(page.get_by_text("1 to 250")).to_be_visible()


def test_a_renewal_leaves_the_part_that_is_open(page: Page, server: RunningServer, long_run: AgentRun) -> None:
    page.goto(server.url + long_run.path)
    page.get_by_role("link", name="After").click()
    expect(page.locator(".row").first).to_contain_text("step_250")
    with page.expect_request_finished(lambda request: request.headers.get("hx-target") == "trace-header"):
        page.evaluate(CHANGED)
    page.evaluate("new Promise(done => setTimeout(done))")
    expect(page.locator(".row").first).to_contain_text("step_250")
    page.get_by_role("link", name="After").click()
    expect(page.locator(".row").first).to_contain_text("step_500")


def test_the_next_error_is_found_in_a_later_part(page: Page, server: RunningServer, long_run: AgentRun) -> None:
    page.goto(server.url + long_run.path)
    expect(page.get_by_text("1 to 250")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator('.row[aria-selected="true"] .label')).to_have_text(f"step_{SPANS - 10}")
    expect(page.locator("#trace-detail")).to_contain_text("Timeout: too slow")


def test_a_link_to_a_step_opens_its_part(page: Page, server: RunningServer, long_run: AgentRun) -> None:
    page.goto(f"{server.url}{long_run.path}?span={long_run.spans[1100]['spanId']}")
    selected = page.locator('.row[aria-selected="true"]')
    expect(selected).to_contain_text("step_1100")
    expect(selected).to_be_in_viewport()


def test_a_long_value_is_cut_and_can_be_had_whole(page: Page, server: RunningServer) -> None:
    run = AgentRun()
    run.tool({"spanId": ""}, "dump", 0, 1, {}, result={"text": "x" * 60_000 + "the end"})
    run.store(server)
    page.goto(server.url + run.path)
    result = page.locator("#trace-detail .block", has=page.get_by_role("heading", name="Result"))
    expect(result).to_contain_text("Showing the first 20.0 kB of 60.0 kB")
    expect(result.locator("pre")).not_to_contain_text("the end")
    result.get_by_role("link", name="Load all").click()
    expect(result.locator("pre")).to_contain_text("the end")
    expect(result).not_to_contain_text("Showing the first")
