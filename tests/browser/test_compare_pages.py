"""Comparing as people do: from a trace to another one, two groups by their forms, and the export of another backend."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import AgentRun, support_run
from tests.browser.conftest import ARTIFACTS
from tests.fix_server import RunningServer

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def other(server: RunningServer) -> AgentRun:
    """The same run with a mail to somebody else."""
    made = support_run("Where is the other parcel?")
    mail = next(span for span in made.spans if span["name"] == "execute_tool send_mail")
    for attribute in mail["attributes"]:
        if attribute["key"] == "gen_ai.tool.call.arguments":
            attribute["value"] = {"stringValue": json.dumps({"to": "bob"})}
    made.store(server)
    return made


def test_from_a_trace_to_the_step_that_differs(
    page: Page, server: RunningServer, run: AgentRun, other: AgentRun
) -> None:
    page.goto(server.url + run.path)
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("link").filter(has_text="Where is the other parcel?").first.click()
    expect(page.get_by_role("status").first).to_contain_text("1 changed, 0 only in the first, 0 only in the second")
    changed = page.locator('tr[data-what="changed"]')
    expect(changed).to_contain_text('"ada" "bob"')
    page.screenshot(path=ARTIFACTS / "compare.png", full_page=True)
    changed.get_by_role("link", name="send_mail").last.click()
    expect(page.locator("#trace-detail")).to_contain_text("bob")


@pytest.mark.profile(**NARROW, java_script_enabled=False)
def test_two_groups_without_scripts_on_a_phone(
    page: Page, server: RunningServer, run: AgentRun, other: AgentRun
) -> None:
    page.goto(f"{server.url}/compare/cohorts")
    page.get_by_role("combobox", name="by").select_option("tool")
    page.get_by_role("combobox", name="First").fill("send_mail")
    page.get_by_role("combobox", name="Second").fill("stock_level")
    page.get_by_role("button", name="Compare").click()
    figures = page.get_by_role("region", name="Shares and figures")
    expect(figures.locator('[data-share="failed_traces"]')).to_contain_text("100.0%")
    expect(page.get_by_role("region", name="Tools of both groups")).to_contain_text("lookup_order")
    page.screenshot(path=ARTIFACTS / "compare-groups.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_export_as_text_and_as_a_file(page: Page, server: RunningServer, run: AgentRun, tmp_path: Path) -> None:
    exported = server.get(f"/api/traces/{run.trace_id}/otlp").json()
    page.goto(f"{server.url}/compare/otlp")
    page.get_by_role("textbox", name="OTLP export of the same traces").fill(json.dumps(exported))
    page.get_by_role("button", name="Compare").click()
    found = page.locator(f'section[data-trace="{run.trace_id}"]')
    expect(found).to_have_attribute("data-same", "yes")
    headers = {"accept": "application/x-protobuf"}
    file = tmp_path / "export.pb"
    file.write_bytes(httpx.get(f"{server.url}/api/traces/{run.trace_id}/otlp", headers=headers, timeout=60).content)
    page.goto(f"{server.url}/compare/otlp")
    page.locator("[data-export-file]").set_input_files(file)
    expect(found).to_have_attribute("data-same", "yes")
    expect(found).to_have_count(1)
