"""Every view of a trace shows what arrives, by itself, and keeps the selection, the open folds and the window."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun
from tests.browser.waiting import wait_until_derived
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

FAILURE = ("OrderNotFound", "no order E-1")
SELECTED = ':is(.row[aria-selected="true"], .turn[aria-current="true"], .node.is-selected)'


@pytest.mark.parametrize("view", ["transcript", "tree", "waterfall", "graph"])
def test_what_arrives_is_shown(page: Page, server: RunningServer, view: str) -> None:
    run = AgentRun()
    agent = run.agent("Support agent", "Where is my parcel?", None)
    calls = [
        run.tool(agent, "lookup_order", number, number + 0.5, {"order_id": "E-1"}, error=FAILURE) for number in range(3)
    ]
    first = run.tool(agent, "stock_level", 4, 5, {"sku": "MUG"}, result={"left": 2})
    run.send(server, agent, *calls, first)
    wait_until_derived(server)
    page.goto(f"{server.url}{run.path}?view={view}&span={first['spanId']}")
    page.evaluate("window.isSamePage = true")
    expect(page.locator(SELECTED).last).to_contain_text("stock_level")
    late = run.tool(agent, "send_mail", 6, 7, {"to": "ada"}, error=("SmtpError", "no route"))
    again = run.tool(agent, "lookup_order", 3, 3.5, {"order_id": "E-1"}, error=FAILURE)
    run.send(server, late, again)
    expect(page.locator("#trace-tree")).to_contain_text("send_mail")
    if view != "graph":
        expect(page.locator("#trace-tree")).to_contain_text("lookup_order ×4")
    expect(page.locator(SELECTED).last).to_contain_text("stock_level")
    assert page.evaluate("window.isSamePage")
