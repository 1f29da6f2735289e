"""The page of one trace: tree, marks, details."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.agent_run import AgentRun
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser


LOOP = "lookup_order ×3, same error"
IS_DRAWN = """name => [...document.querySelectorAll('.row')]
  .find(row => row.querySelector('.label').textContent.trim() === name)
  ?.querySelector('.kind use').getBoundingClientRect().width > 5"""


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".row", has=page.locator(f'.label:text-is("{name}")'))


def open_step(page: Page, server: RunningServer, run: AgentRun, name: str) -> None:
    page.goto(server.url + run.path)
    row_of(page, LOOP if name == "lookup_order" else name).first.click()
    expect(page.get_by_role("heading", level=2)).to_contain_text(name)


def test_the_header_says_what_happened(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    header = page.locator("#trace-header")
    expect(header.get_by_role("heading", level=1)).to_have_text("Where is my parcel E-5120?")
    expect(header).to_contain_text("3 tool errors")
    expect(header).to_contain_text("1 soft error")
    expect(header).to_contain_text(re.compile(r"lookup_order ×3, 3 failed"))
    expect(header.get_by_role("link", name="user-ada")).to_have_attribute("href", "/traces?q=user%3Auser-ada")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_every_step_has_the_icon_of_its_type(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    expect(page.get_by_role("treegrid", name="Steps and their times").locator(".row")).to_have_count(8)  # 12 unfolded
    for name, icon in (
        ("Support agent", "agent"),
        ("chat gpt-4.1-mini", "llm"),
        ("send_mail", "tool"),
        ("GET /stock", "other"),
        ("missing parent", "missing"),
    ):
        use = row_of(page, name).first.locator(".kind use")
        expect(use).to_have_attribute("href", re.compile(rf"/static/icons\.svg\?v=\w+#{icon}$"))
        page.wait_for_function(IS_DRAWN, arg=name)


def test_failures_are_marked_where_they_began(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    row_of(page, LOOP).get_by_role("link", name="Unfold 3 repeats").click()
    failed = row_of(page, "lookup_order").first
    expect(failed.get_by_title(re.compile("^Error: exception_event at events"))).to_be_visible()
    expect(failed.locator(".bar")).to_have_css("background-color", "rgb(213, 50, 60)")
    soft = row_of(page, "stock_level").locator(".bar")
    expect(soft).to_have_css("background-image", re.compile("repeating-linear-gradient"))
    agent = row_of(page, "Support agent")
    expect(agent.get_by_title("3 errors below")).to_be_visible()
    expect(agent.locator(".tag.in-error:not(.below)")).to_have_count(0)


def test_a_loop_is_ringed_and_numbered(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    row_of(page, LOOP).get_by_role("link", name="Unfold 3 repeats").click()
    repeats = page.locator(".row[data-loop]")
    expect(repeats).to_have_count(3)
    expect(repeats.nth(1)).to_contain_text("2 of 3")
    expect(repeats.first.locator(".zone.is-first")).to_be_visible()
    expect(repeats.last.locator(".zone.is-last")).to_be_visible()


def test_the_first_failure_is_selected_with_its_evidence(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    detail = page.locator("#trace-detail")
    expect(detail.locator(".why")).to_contain_text("Rule exception_event at events[0].exception")
    expect(detail.locator(".why")).to_contain_text("OrderNotFound: no order E-5120")
    expect(detail).to_contain_text("Repeat 1 of 3")
    detail.get_by_role("link", name="Next repeat").click()
    expect(detail).to_contain_text("Repeat 2 of 3")
    detail.get_by_role("link", name=re.compile("the model call")).click()
    expect(detail.get_by_role("heading", level=2)).to_have_text("chat gpt-4.1-mini")
    expect(detail).to_contain_text("Asks for lookup_order")


def test_the_details_show_all_that_the_span_carries(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_step(page, server, run, "GET /stock")
    detail = page.locator("#trace-detail")
    detail.get_by_role("tab", name="Attributes 2").click()
    shelf = detail.get_by_role("tabpanel").locator(".is-unmapped", has_text="shop.shelf")
    expect(shelf).to_contain_text("17")
    expect(shelf).to_contain_text("unmapped")
    detail.get_by_role("tab", name="Links 1").click()
    expect(detail.get_by_role("tabpanel")).to_contain_text("ab" * 16)
    detail.get_by_role("tab", name="Resource").click()
    expect(detail.get_by_role("tabpanel")).to_contain_text("service.version")
    expect(detail.get_by_role("tabpanel")).to_contain_text("shop")
    detail.get_by_role("tab", name="OTLP").click()
    expect(detail.get_by_role("tabpanel")).to_contain_text('"traceId": "' + run.trace_id)


def test_the_chosen_tab_stays_from_step_to_step(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_step(page, server, run, "lookup_order")
    page.get_by_role("tab", name="Events 1").click()
    row_of(page, "send_mail").click()
    expect(page.get_by_role("tabpanel")).to_have_text(re.compile("The span has no events."))


def test_the_address_names_the_step(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_step(page, server, run, "send_mail")
    span_id = next(span["spanId"] for span in run.spans if span["name"] == "execute_tool send_mail")
    expect(page).to_have_url(f"{server.url}{run.path}?span={span_id}")
    page.reload()
    expect(page.locator('.row[aria-selected="true"]')).to_have_attribute("data-span", span_id)
    expect(page.get_by_role("heading", level=2)).to_have_text("execute_tool send_mail")


@pytest.mark.profile(permissions=["clipboard-read", "clipboard-write"])
def test_ids_and_payloads_can_be_copied(page: Page, server: RunningServer, run: AgentRun) -> None:
    open_step(page, server, run, "send_mail")
    page.get_by_role("button", name="Copy Arguments").click()
    expect(page.locator("#toast")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == '{\n  "to": "ada"\n}'
    page.keyboard.press("y")
    expect(page.locator("#toast")).to_have_text("A link to this step is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_the_pane_says_what_changed_since_the_call_before(page: Page, server: RunningServer) -> None:
    made = AgentRun()
    agent = made.agent("Support agent", "Which page is it?", 9)
    for number in range(2):
        made.tool(agent, "read", number, number + 0.5, {"page": number}, result={"state": f"page {number} of 9"})
    same = made.tool(agent, "read", 3, 4, {"page": 1}, result={"state": "page 1 of 9"})
    made.store(server)
    page.goto(f"{server.url}{made.path}?span={made.spans[2]['spanId']}")
    detail = page.locator("#trace-detail")
    expect(detail.locator("[data-changed]")).to_contain_text("Arguments: 1 line differs; result: 1 line differs since")
    expect(detail.locator(".diff-removed b")).to_have_text(["0", "0"])
    expect(detail.locator(".diff-added b")).to_have_text(["1", "1"])
    page.goto(f"{server.url}{made.path}?span={same['spanId']}")
    expect(detail.locator("[data-changed]")).to_contain_text("Nothing since the previous call of read")
    detail.locator("[data-changed]").get_by_role("link").click()
    expect(detail.locator(".diff-added b")).to_have_text(["1", "1"])


def test_a_failed_call_downloads_as_a_pytest_file(page: Page, server: RunningServer, run: AgentRun) -> None:
    page.goto(server.url + run.path)
    row_of(page, LOOP).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="as pytest").click()
    assert re.fullmatch(r"test_lookup_order_\w+\.py", download.value.suggested_filename)
    assert "def test_lookup_order_fails_as_recorded():" in download.value.path().read_text()
    open_step(page, server, run, "send_mail")
    expect(page.get_by_role("link", name="as pytest")).to_have_count(0)
