"""A trace page while spans arrive: it shows them by itself, and leaves the reader's place alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.browser.waiting import wait_until_derived
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


def test_late_spans_appear_and_the_selection_stays(page: Page, server: RunningServer) -> None:
    run = AgentRun()
    agent = run.agent("Support agent", "Is this live?", None)
    first = run.tool(agent, "lookup_order", 1, 2, {"order_id": "A"}, result={"found": True})
    inner = run.span("SELECT orders", first, 1.2, 1.8, {})
    run.send(server, agent, first, inner)
    wait_until_derived(server)
    page.goto(f"{server.url}{run.path}?span={first['spanId']}")
    expect(page.locator("#trace-header").get_by_text("Live, last change")).to_be_visible()
    running = page.locator(".row", has_text="Support agent")
    expect(running).to_contain_text("running")
    expect(running.locator(".bar.is-running")).to_be_visible()
    page.locator(".row", has_text="lookup_order").get_by_role("button").click()
    expect(page.get_by_text("SELECT orders")).to_be_hidden()
    page.get_by_role("tab", name="Attributes").click()
    page.evaluate("window.isSamePage = true")

    late = run.tool(agent, "send_mail", 3, 4, {"to": "ada"}, error=("SmtpError", "no route"))
    run.send(server, late)
    expect(page.locator(".row", has_text="send_mail")).to_be_visible()
    expect(page.locator("#trace-header")).to_contain_text("1 tool error")
    expect(page.locator('.row[aria-selected="true"] .label')).to_have_text("lookup_order")
    expect(page.get_by_role("tab", name="Attributes")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("SELECT orders")).to_be_hidden()

    agent["endTimeUnixNano"] = late["endTimeUnixNano"]
    run.send(server, agent)
    expect(running.locator(".time-cell")).to_have_text("4.00 s")
    assert page.evaluate("window.isSamePage")


def test_a_missing_parent_gives_way_to_the_span_that_arrives(page: Page, server: RunningServer) -> None:
    run = AgentRun()
    agent = run.agent("Support agent", "Who is my parent?", 5)
    tool = run.tool(agent, "lookup_order", 1, 2, {"order_id": "A"}, result={"found": True})
    run.send(server, tool)
    wait_until_derived(server)
    page.goto(server.url + run.path)
    expect(page.locator(".row.is-missing .label")).to_have_css("font-style", "italic")
    expect(page.get_by_text("1 parent missing")).to_be_visible()
    page.locator(".row.is-missing").click()
    expect(page.locator("#trace-detail")).to_contain_text("This span has not arrived.")
    run.send(server, agent)
    expect(page.locator(".row", has_text="Support agent")).to_be_visible()
    expect(page.locator(".row.is-missing")).to_have_count(0)
    expect(page.get_by_role("heading", level=2)).to_have_text("invoke_agent Support agent")
